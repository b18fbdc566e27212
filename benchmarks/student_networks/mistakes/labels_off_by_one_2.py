import numpy as np

class Net:
    def __init__(self, d, h, k):
        self.k = k
        self.W1, self.b1 = np.random.randn(d, h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, k), np.zeros(k)

    def _h(self, X):
        return 1 / (1 + np.exp(-X @ self.W1 - self.b1))

    def predict_proba(self, X):
        s = self._h(X) @ self.W2 + self.b2
        s = np.exp(s - s.max(1)[:, None])
        return s / s.sum(1)[:, None]

    def train(self, X, y, lr):
        h = self._h(X)
        T = np.eye(self.k + 1)[y][:, 1:]
        d = (self.predict_proba(X) - T) / len(y)
        dh = d @ self.W2.T * h * (1 - h)
        self.W2 -= lr * h.T @ d
        self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh
        self.b1 -= lr * dh.sum(0)
