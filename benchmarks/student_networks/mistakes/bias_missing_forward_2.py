import numpy as np


def initialize(n_x, n_h, n_y):
    return {'W1': np.random.randn(n_h, n_x) * .5, 'b1': np.zeros((n_h, 1)),
            'W2': np.random.randn(n_y, n_h) * .5, 'b2': np.zeros((n_y, 1))}


def propagate(p, X):
    a1 = np.tanh(np.matmul(p['W1'], X) + p['b1'])
    z2 = np.matmul(p['W2'], a1)
    t = np.exp(z2 - np.max(z2, axis=0, keepdims=True))
    return a1, t / np.sum(t, axis=0, keepdims=True)


def cross_entropy(p, X, Y):
    return -np.sum(Y * np.log(propagate(p, X)[1])) / X.shape[1]


def optimize(p, X, Y, lr=0.1):
    m = X.shape[1]
    a1, a2 = propagate(p, X)
    dz2 = (a2 - Y) / m
    dz1 = np.matmul(p['W2'].T, dz2) * (1 - np.power(a1, 2))
    p['W2'] -= lr * np.matmul(dz2, a1.T)
    p['b2'] -= lr * np.sum(dz2, axis=1, keepdims=True)
    p['W1'] -= lr * np.matmul(dz1, X.T)
    p['b1'] -= lr * np.sum(dz1, axis=1, keepdims=True)
