import numpy as np


def init(d, h, c):
    return [np.random.randn(d, h) * 0.3, np.zeros(h), np.random.randn(h, c) * 0.3, np.zeros(c)]


def zeros_like(theta):
    return [np.zeros_like(t) for t in theta]


def probs(theta, X):
    W, b, V, c = theta
    f = np.maximum(X @ W + b, 0) @ V + c
    f = np.exp(f - f.max(-1, keepdims=True))
    return f / f.sum(-1, keepdims=True)


def grad(theta, X, y):
    W, b, V, c = theta
    h = np.maximum(X @ W + b, 0)
    d = probs(theta, X)
    d[np.arange(len(X)), y] -= 1.0
    d /= len(X)
    dh = (d @ V.T) * (h > 0)
    return [X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)]


def step(theta, vel, X, y, lr, mu):
    """Nesterov as in torch.optim.SGD(nesterov=True)."""
    for t, v, g in zip(theta, vel, grad(theta, X, y)):
        v *= mu
        v += g
        t -= lr * (g + mu * v)
