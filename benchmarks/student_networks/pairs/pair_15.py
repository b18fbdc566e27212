import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h) * .5, np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c) * .5, np.zeros(c)

    def proba(self, X, train=True):
        self.z = X @ self.W1 + self.b1
        self.m = (np.random.rand(*self.z.shape) < .5) / .5 if train else 1.0
        self.h = np.maximum(self.z, 0) * self.m
        s = self.h @ self.W2 + self.b2
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def loss(self, X, y):
        return -np.log(self.proba(X, False)[np.arange(len(y)), y]).mean()

    def train(self, X, y, lr):
        d = self.proba(X)
        d[np.arange(len(y)), y] -= 1
        dh = d @ self.W2.T * (self.z > 0)
        self.W2 -= lr * self.h.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh; self.b1 -= lr * dh.sum(0)
