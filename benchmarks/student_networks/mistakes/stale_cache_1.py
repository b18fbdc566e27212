import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)
        self.cache = None

    def forward(self, X):
        h = np.maximum(X @ self.W1 + self.b1, 0)
        s = h @ self.W2 + self.b2
        e = np.exp(s - s.max(axis=1, keepdims=True))
        if self.cache is None or self.cache[0].shape != h.shape:
            self.cache = (h, X)
        return e / e.sum(axis=1, keepdims=True)

    def train_step(self, X, y, lr):
        d = self.forward(X)
        h, X = self.cache
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (h > 0)
        self.W2 -= lr * h.T @ d
        self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh
        self.b1 -= lr * dh.sum(0)
