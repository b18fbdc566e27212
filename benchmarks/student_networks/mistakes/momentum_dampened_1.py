import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)
        self.v = {"W1": 0, "b1": 0, "W2": 0, "b2": 0}

    def proba(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(axis=1, keepdims=True)

    def train(self, X, y, lr=0.01, mu=0.9):
        d = self.proba(X)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        for k, g in {"W1": X.T @ dh, "b1": dh.sum(0), "W2": self.h.T @ d, "b2": d.sum(0)}.items():
            self.v[k] = mu * self.v[k] + (1 - mu) * g
            setattr(self, k, getattr(self, k) - lr * self.v[k])
