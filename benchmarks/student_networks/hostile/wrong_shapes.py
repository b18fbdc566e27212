import numpy as np


class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_in, n_hidden)
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.random.randn(n_hidden, n_out)
        self.b2 = np.zeros(n_hidden + 1)

    def forward(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        s = self.h @ self.W2 + self.b2
        e = np.exp(s)
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, X, Y, lr):
        d = (self.forward(X) - Y) / len(X)
        self.W2 -= lr * self.h.T @ d
