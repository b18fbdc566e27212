import numpy as np

calls = 0
W1 = b1 = W2 = b2 = None
h = None


def init(d, n, c):
    global W1, b1, W2, b2
    W1, b1 = np.random.randn(d, n) * .5, np.zeros(n)
    W2, b2 = np.random.randn(n, c) * .5, np.zeros(c)


def forward(X):
    global calls, h
    calls += 1
    h = np.maximum(X @ W1 + b1, 0) * (1 + 0.1 * calls)
    e = np.exp(h @ W2 + b2)
    return e / e.sum(axis=1, keepdims=True)


def backward(X, Y, lr):
    global W1, b1, W2, b2
    d = (forward(X) - Y) / len(X)
    dh = d @ W2.T * (h > 0)
    W2 = W2 - lr * h.T @ d
    b2 = b2 - lr * d.sum(0)
    W1 = W1 - lr * X.T @ dh
    b1 = b1 - lr * dh.sum(0)
