import numpy as np

class DropNet:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)

    def forward(self, X, train=True):
        self.pre = X.dot(self.W1) + self.b1
        self.h = np.maximum(self.pre, 0)
        if train:
            self.drop = (np.random.rand(*self.h.shape) < 0.5) / 0.5
            self.h *= self.drop
        s = self.h.dot(self.W2) + self.b2
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def step(self, X, Y, lr):
        dscores = (self.forward(X) - Y) / len(X)
        dh = dscores.dot(self.W2.T)
        dh[self.pre <= 0] = 0
        self.W2 -= lr * self.h.T.dot(dscores); self.b2 -= lr * dscores.sum(0)
        self.W1 -= lr * X.T.dot(dh); self.b1 -= lr * dh.sum(0)
