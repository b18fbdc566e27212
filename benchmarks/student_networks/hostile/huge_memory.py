import numpy as np


class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c), np.zeros(c)
        self.kernel = None

    def forward(self, X):
        self.kernel = np.ones((60000, 60000))
        self.h = np.maximum(X @ self.W1 + self.b1, 0) * self.kernel[0, 0]
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, X, Y, lr):
        d = (self.forward(X) - Y) / len(X)
        dh = d @ self.W2.T * (self.h > 0)
        self.W2 -= lr * self.h.T @ d
        self.W1 -= lr * X.T @ dh
