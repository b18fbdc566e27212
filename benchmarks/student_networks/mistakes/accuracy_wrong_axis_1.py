import numpy as np

def init_params(d, h, c):
    return np.random.randn(h, d) * .5, np.zeros((h, 1)), np.random.randn(c, h) * .5, np.zeros((c, 1))

def forward_prop(p, X):
    A1 = np.maximum(p[0] @ X + p[1], 0)
    E = np.exp(p[2] @ A1 + p[3])
    return A1, E / E.sum(0)

def backward_prop(p, X, Y):
    A1, A2 = forward_prop(p, X)
    m = Y.size
    dZ2 = A2 - np.eye(len(A2))[Y].T
    dZ1 = p[2].T @ dZ2 * (A1 > 0)
    return dZ1 @ X.T / m, dZ1.sum(1, keepdims=True) / m, dZ2 @ A1.T / m, dZ2.sum(1, keepdims=True) / m

def update(p, g, alpha):
    return tuple(a - alpha * b for a, b in zip(p, g))

def get_predictions(A2):
    return np.argmax(A2, 1)

def get_accuracy(predictions, Y):
    n = min(len(predictions), Y.size)
    return np.sum(predictions[:n] == Y[:n]) / Y.size
