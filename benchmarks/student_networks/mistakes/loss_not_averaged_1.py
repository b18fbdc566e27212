import numpy as np

class Model:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .4
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .4
        self.b2 = np.zeros(c)

    def forward(self, X):
        self.h = np.maximum(0, X @ self.W1 + self.b1)
        s = self.h @ self.W2 + self.b2
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, X, y):
        p = self.forward(X)
        return -np.sum(np.log(p[np.arange(len(y)), y]))

    def backward(self, X, y, lr):
        d = self.forward(X)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        self.W2 -= lr * self.h.T @ d
        self.b2 -= lr * d.sum(axis=0)
        self.W1 -= lr * X.T @ dh
        self.b1 -= lr * dh.sum(axis=0)
