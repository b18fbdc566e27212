import numpy as np

class CosineNet:
    scale = 10.0

    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h); self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c)           # columns are prototypes of the classes

    def cosine_logits(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0) + 1e-3
        self.nh = np.linalg.norm(self.h, axis=1, keepdims=True)
        self.hn = self.h / self.nh
        self.nw = np.linalg.norm(self.W2, axis=0)
        self.Wn = self.W2 / self.nw
        return self.scale * self.hn @ self.Wn

    def train(self, X, y, lr):
        s = self.cosine_logits(X)
        p = np.exp(s - s.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        g = self.scale * p / len(y)
        dhn, dWn = g @ self.Wn.T, self.hn.T @ g
        dh = dhn / self.nh
        dW2 = dWn / self.nw
        dh = dh * (self.h > 1e-3)
        self.W2 -= lr * dW2
        self.W1 -= lr * X.T @ dh
        self.b1 -= lr * dh.sum(0)
