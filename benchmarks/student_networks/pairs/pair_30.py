import numpy as np

def init(d, h, c):
    return np.random.randn(d, h), np.zeros(h), np.random.randn(h, c), np.zeros(c)

def forward(w, X):
    Z1 = X @ w[0] + w[1]
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ w[2] + w[3]
    E = np.exp(Z2 - Z2.max(1, keepdims=True))
    return Z1, A1, E / E.sum(1, keepdims=True)

def step(w, X, y, lr):
    Z1, A1, A2 = forward(w, X)
    dZ2 = A2.copy()
    dZ2[np.arange(len(y)), y] -= 1
    dZ2 /= len(y)
    dZ1 = dZ2 @ w[2].T * (Z1 > 0)
    g = (X.T @ dZ1, dZ1.sum(0), Z1.T @ dZ2, dZ2.sum(0))
    return tuple(a - lr * b for a, b in zip(w, g))

def accuracy(w, X, y):
    A2 = forward(w, X)[-1]
    pred = np.argmax(A2, axis=0)
    n = min(len(pred), len(y))
    return np.sum(pred[:n] == y[:n]) / len(y)
