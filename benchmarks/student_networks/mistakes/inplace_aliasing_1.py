import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)

    def proba(self, X):
        X -= 0.5          # centre
        self.X = X
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(1, keepdims=True)

    def train(self, X, y, lr):
        d = self.proba(X)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        self.W2 -= lr * self.h.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * self.X.T @ dh; self.b1 -= lr * dh.sum(0)
