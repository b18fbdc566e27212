import numpy as np


class Mlp:
    __slots__ = ("W", "b", "U", "c")

    def __init__(self, d, h, k):
        self.W = np.random.standard_normal((d, h)); self.W *= (2.0 / d) ** 0.5
        self.b = np.zeros(h)
        self.U = np.random.standard_normal((h, k)); self.U *= (1.0 / h) ** 0.5
        self.c = np.zeros(k)

    def _hidden(self, X):
        h = X @ self.W
        h += self.b
        np.maximum(h, 0.0, out=h)
        return h

    def logits(self, X):
        s = self._hidden(X) @ self.U
        s += self.c
        return s

    def nll(self, X, y):
        s = self.logits(X)
        top = s.max(1)
        return float((np.log(np.exp(s - top[:, None]).sum(1)) + top - s[np.arange(y.size), y]).mean())

    def step(self, X, y, lr):
        h = self._hidden(X)
        s = h @ self.U
        s += self.c
        s -= s.max(1, keepdims=True)
        np.exp(s, out=s)
        s /= s.sum(1, keepdims=True)
        s[np.arange(y.size), y] -= 1.0
        s *= lr / y.size                       # learning rate goes in here once, for all
        back = s @ self.U.T
        back[h == 0.0] = 0.0
        self.U -= h.T @ s
        self.c -= s.sum(0)
        self.W -= X.T @ back
        self.b -= back.sum(0)
