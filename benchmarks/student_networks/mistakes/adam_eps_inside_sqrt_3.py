import numpy as np

class AdamNet:
    def __init__(self, d, h, c, lr=0.01):
        self.W1 = np.random.randn(d, h); self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c); self.b2 = np.zeros(c)
        self.lr, self.b1st, self.b2nd, self.eps, self.k = lr, 0.9, 0.999, 1e-4, 0
        self.moments = {n: (0.0, 0.0) for n in ("W1", "b1", "W2", "b2")}

    def predict_proba(self, X):
        self.a = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
        e = np.exp(self.a @ self.W2 + self.b2)
        return e / e.sum(axis=1)[:, None]

    def train(self, X, y):
        d = self.predict_proba(X)
        d[range(len(y)), y] -= 1
        d = d / len(y)
        e = (d @ self.W2.T) * self.a * (1 - self.a)
        self.k += 1
        for name, g in (("W1", X.T @ e), ("b1", e.sum(0)), ("W2", self.a.T @ d), ("b2", d.sum(0))):
            m, v = self.moments[name]
            m = self.b1st * m + (1 - self.b1st) * g
            v = self.b2nd * v + (1 - self.b2nd) * g ** 2
            self.moments[name] = m, v
            step = m / (1 - self.b1st ** self.k) / np.sqrt(v / (1 - self.b2nd ** self.k) + self.eps)
            setattr(self, name, getattr(self, name) - self.lr * step)
