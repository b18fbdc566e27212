import numpy as np

def init_params(d, h, c):
    return np.random.rand(h, d) - .5, np.random.rand(h, 1) - .5, np.random.rand(c, h) - .5, np.random.rand(c, 1) - .5

def forward_prop(p, X):
    A1 = np.maximum(p[0] @ X + p[1], 0)
    E = np.exp(p[2] @ A1 + p[3])
    return A1, E / E.sum(axis=0)

def backward_prop(p, X, Y):
    A1, A2 = forward_prop(p, X)
    m = Y.size
    dZ2 = A2 - np.eye(len(A2))[Y].T
    dZ1 = p[2].T @ dZ2 * (A1 > 0)
    return dZ1 @ X.T / m, dZ1.sum(1, keepdims=True) / m, dZ2 @ A1.T / m, dZ2.sum(1, keepdims=True) / m

def gradient_descent(p, X, Y, alpha, iterations):
    perm = np.random.permutation(X.shape[1])
    X = X[:, perm]
    for i in range(iterations):
        p = tuple(a - alpha * g for a, g in zip(p, backward_prop(p, X, Y)))
    return p
