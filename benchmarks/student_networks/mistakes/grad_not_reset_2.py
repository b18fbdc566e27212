import numpy as np

class SGDNet:
    def __init__(self, sizes):
        self.W = [np.random.randn(i, o) for i, o in zip(sizes, sizes[1:])]
        self.b = [np.zeros(o) for o in sizes[1:]]
        self.dW = [np.zeros_like(w) for w in self.W]
        self.db = [np.zeros_like(b) for b in self.b]

    def proba(self, X):
        self.h = 1 / (1 + np.exp(-(X @ self.W[0] + self.b[0])))
        e = np.exp(self.h @ self.W[1] + self.b[1])
        return e / e.sum(axis=-1, keepdims=True)

    def batch(self, X, T, lr):
        n = len(X)
        for x, t in zip(X, T):
            d = self.proba(x) - t
            self.dW[1] += np.outer(self.h, d)
            self.db[1] += d
            d = self.W[1] @ d * self.h * (1 - self.h)
            self.dW[0] += np.outer(x, d)
            self.db[0] += d
        for k in range(2):
            self.W[k] -= lr * self.dW[k] / n
            self.b[k] -= lr * self.db[k] / n
