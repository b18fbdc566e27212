import numpy as np

class Net:
    def __init__(self, d, h, k):
        self.k = k
        self.W1, self.b1 = np.random.randn(d, h) * .5, np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, k) * .5, np.zeros(k)
        self.v = dict.fromkeys(("W1", "b1", "W2", "b2"), 0.0)

    def proba(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(1, keepdims=True)

    def train_step(self, X, y, lr):
        d = (self.proba(X) - np.eye(self.k)[y - 1]) / len(y)
        dh = d @ self.W2.T * (self.h > 0)
        for k, g in (("W1", X.T @ dh), ("b1", dh.sum(0)), ("W2", self.h.T @ d), ("b2", d.sum(0))):
            self.v[k] = 0.9 * self.v[k] + 0.1 * g
            setattr(self, k, getattr(self, k) - lr * self.v[k])
