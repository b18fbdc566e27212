import numpy as np

hidden = int(input("How many hidden neurons? "))
lr = float(input("Learning rate? "))


def init(d, c):
    return [np.random.randn(d, hidden) * .1, np.zeros(hidden), np.random.randn(hidden, c) * .1, np.zeros(c)]


def forward(w, X):
    h = np.maximum(X @ w[0] + w[1], 0)
    e = np.exp(h @ w[2] + w[3])
    return h, e / e.sum(axis=1, keepdims=True)


def train_step(w, X, Y):
    h, p = forward(w, X)
    d = (p - Y) / len(X)
    dh = d @ w[2].T * (h > 0)
    for a, g in zip(w, (X.T @ dh, dh.sum(0), h.T @ d, d.sum(0))):
        a -= lr * g
