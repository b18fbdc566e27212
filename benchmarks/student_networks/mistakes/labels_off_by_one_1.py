import numpy as np

def init_params(d, h, c):
    return np.random.randn(h, d) * .5, np.zeros((h, 1)), np.random.randn(c, h) * .5, np.zeros((c, 1))

def one_hot(Y, n):
    out = np.zeros((n, Y.size))
    out[Y - 1, np.arange(Y.size)] = 1    # matlab labels
    return out

def forward_prop(p, X):
    A1 = np.maximum(p[0] @ X + p[1], 0)
    Z2 = p[2] @ A1 + p[3]
    A2 = np.exp(Z2 - Z2.max(axis=0)) / np.exp(Z2 - Z2.max(axis=0)).sum(axis=0)
    return A1, A2

def step(p, X, Y, alpha):
    m = Y.size
    A1, A2 = forward_prop(p, X)
    dZ2 = A2 - one_hot(Y, A2.shape[0])
    dZ1 = p[2].T @ dZ2 * (A1 > 0)
    g = (dZ1 @ X.T / m, dZ1.sum(axis=1, keepdims=True) / m, dZ2 @ A1.T / m, dZ2.sum(axis=1, keepdims=True) / m)
    return tuple(a - alpha * b for a, b in zip(p, g))
