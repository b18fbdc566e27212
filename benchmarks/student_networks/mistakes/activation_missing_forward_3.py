import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.w1 = np.random.randn(h, d); self.b1 = np.zeros(h)
        self.w2 = np.random.randn(c, h); self.b2 = np.zeros(c)

    def predict_proba(self, x):
        hidden = x @ self.w1.T + self.b1
        o = hidden @ self.w2.T + self.b2
        o = np.exp(o - o.max(axis=1, keepdims=True))
        return o / o.sum(axis=1, keepdims=True)

    def train_on(self, x, y, lr):
        h = 1 / (1 + np.exp(-(x @ self.w1.T + self.b1)))
        o = h @ self.w2.T + self.b2
        p = np.exp(o - o.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        p /= len(y)
        dh = p @ self.w2 * h * (1 - h)
        self.w2 -= lr * p.T @ h
        self.b2 -= lr * p.sum(0)
        self.w1 -= lr * dh.T @ x
        self.b1 -= lr * dh.sum(0)
