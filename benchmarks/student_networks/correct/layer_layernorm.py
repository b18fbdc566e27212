import numpy as np

class LayerNorm:
    def __init__(self, dim, eps=1e-5):
        self.g = np.ones(dim); self.b = np.zeros(dim); self.eps = eps
    def forward(self, x):
        mu = x.mean(-1, keepdims=True)
        self.r = 1 / np.sqrt(x.var(-1, keepdims=True) + self.eps)
        self.n = (x - mu) * self.r
        return self.g * self.n + self.b
    def backward(self, dy):
        self.dg = (dy * self.n).sum(axis=tuple(range(dy.ndim - 1)))
        self.db = dy.sum(axis=tuple(range(dy.ndim - 1)))
        dn = dy * self.g
        return self.r * (dn - dn.mean(-1, keepdims=True) - self.n * (dn * self.n).mean(-1, keepdims=True))
