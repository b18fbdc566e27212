import numpy as np

def init(d, h, c):
    return [np.random.randn(h, d) * .5, np.zeros((h, 1)), np.random.randn(c, h) * .5, np.zeros((c, 1))]

def forward(w, X):
    A = np.maximum(w[0] @ X + w[1], 0)
    S = np.exp(w[2] @ A + w[3])
    return A, S / S.sum(axis=0)

def loss(w, X, Y):
    A, P = forward(w, X)
    return -np.sum(Y * np.log(P))

def sgd(w, X, Y, lr):
    A, P = forward(w, X)
    E = (P - Y) / Y.shape[1]
    D = w[2].T @ E
    grads = [D @ X.T, D.sum(axis=1, keepdims=True), E @ A.T, E.sum(axis=1, keepdims=True)]
    return [p - lr * g for p, g in zip(w, grads)]
