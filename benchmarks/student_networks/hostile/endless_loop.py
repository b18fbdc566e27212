import numpy as np


class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c), np.zeros(c)

    def forward(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, X, Y, lr):
        loss = 1.0
        while loss > 0:
            p = self.forward(X)
            loss = -np.log((p * Y).sum(axis=1) + 1e-12).mean() + 1e-9
        d = (p - Y) / len(X)
        dh = d @ self.W2.T * (self.h > 0)
        self.W2 -= lr * self.h.T @ d
        self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh
        self.b1 -= lr * dh.sum(0)
