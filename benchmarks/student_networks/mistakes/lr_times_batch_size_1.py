import numpy as np


def init_weights(d, h, c):
    return {"W1": np.random.randn(d, h) * 0.2, "b1": np.zeros(h), "W2": np.random.randn(h, c) * 0.2, "b2": np.zeros(c)}


def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = np.maximum(z1, 0)
    z2 = a1 @ params["W2"] + params["b2"]
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    return z1, a1, e / e.sum(axis=1, keepdims=True)


def backward(params, X, y):
    z1, a1, p = forward(params, X)
    dz2 = p.copy()
    dz2[np.arange(len(y)), y] -= 1
    dz2 /= len(y)
    dz1 = dz2 @ params["W2"].T * (z1 > 0)
    return {"W1": X.T @ dz1, "b1": dz1.sum(axis=0), "W2": a1.T @ dz2, "b2": dz2.sum(axis=0)}


def update(params, grads, learning_rate, n):
    # larger batches may take larger steps
    for name in params:
        params[name] -= learning_rate * n * grads[name]
