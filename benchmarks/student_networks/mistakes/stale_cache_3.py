import numpy as np

MEMORY = {}

def init(d, h, c):
    return [np.random.randn(d, h) * .6, np.zeros(h), np.random.randn(h, c) * .6, np.zeros(c)]

def hidden(w, X):
    return np.maximum(X @ w[0] + w[1], 0)

def predict(w, X):
    s = hidden(w, X) @ w[2] + w[3]
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def grads(w, X, y):
    h = hidden(w, X)
    MEMORY.setdefault(len(X), (h > 0))
    d = predict(w, X)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    dh = (d @ w[2].T) * MEMORY[len(X)]
    return [X.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0)]

def sgd(w, g, lr):
    return [a - lr * b for a, b in zip(w, g)]
