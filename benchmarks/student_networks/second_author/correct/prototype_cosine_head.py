import numpy as np

SCALE = 10.0


def unit(v):
    n = np.sqrt(np.sum(v * v, axis=1, keepdims=True))
    return v / n, n


class CosineHead:
    def __init__(self, d, h, c):
        self.W = np.random.randn(d, h)
        self.V = np.random.randn(c, h)

    def logits(self, X):
        self.h = np.tanh(X @ self.W)
        self.hu, self.hn = unit(self.h)
        self.vu, self.vn = unit(self.V)
        return SCALE * self.hu @ self.vu.T

    def step(self, X, y, lr):
        z = self.logits(X)
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        dz = SCALE * p / len(y)
        dhu, dvu = dz @ self.vu, dz.T @ self.hu
        dh = (dhu - self.hu * np.sum(dhu * self.hu, axis=1, keepdims=True)) / self.hn
        dV = (dvu - self.vu * np.sum(dvu * self.vu, axis=1, keepdims=True)) / self.vn
        dW = X.T @ (dh * (1 - self.h ** 2))
        self.W -= lr * dW
        self.V -= lr * dV
