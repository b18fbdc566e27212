import numpy as np


class SpatialBN:
    def __init__(self, channels, eps=1e-5, momentum=0.1):
        self.g = np.ones((1, channels, 1, 1))
        self.b = np.zeros((1, channels, 1, 1))
        self.rm = np.zeros((1, channels, 1, 1))
        self.rv = np.ones((1, channels, 1, 1))
        self.eps = eps
        self.momentum = momentum
        self.is_test = False

    def forward(self, x):
        ax = (0, 2, 3)
        if self.is_test:
            mean, var = x.mean(axis=ax, keepdims=True), x.var(axis=ax, keepdims=True)
        else:
            mean = x.mean(axis=ax, keepdims=True)
            var = x.var(axis=ax, keepdims=True)
            cnt = x.size / x.shape[1]
            self.rm = (1 - self.momentum) * self.rm + self.momentum * mean
            self.rv = (1 - self.momentum) * self.rv + self.momentum * var * cnt / (cnt - 1)
        self.inv = (var + self.eps) ** -0.5
        self.n = (x - mean) * self.inv
        return self.g * self.n + self.b

    def backward(self, d):
        ax = (0, 2, 3)
        self.dg = (d * self.n).sum(axis=ax, keepdims=True)
        self.db = d.sum(axis=ax, keepdims=True)
        t = d * self.g
        return self.inv * (t - t.mean(axis=ax, keepdims=True) - self.n * (t * self.n).mean(axis=ax, keepdims=True))
