import numpy as np

class Net:
    lr, wd = 0.01, 0.2

    def __init__(self, d, h, c):
        self.params = [np.random.randn(d, h) * .6, np.zeros(h), np.random.randn(h, c) * .6, np.zeros(c)]
        self.m = [np.zeros_like(p) for p in self.params]
        self.s = [np.zeros_like(p) for p in self.params]
        self.t = 0

    def proba(self, X):
        self.h = np.maximum(X @ self.params[0] + self.params[1], 0)
        e = np.exp(self.h @ self.params[2] + self.params[3])
        return e / e.sum(1, keepdims=True)

    def gradients(self, X, y):
        d = self.proba(X)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.params[2].T * (self.h > 0)
        return [X.T @ dh, dh.sum(0), self.h.T @ d, d.sum(0)]

    def adamw_step(self, X, y):
        self.t += 1
        for i, (p, g) in enumerate(zip(self.params, self.gradients(X, y))):
            g += self.wd * p
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.s[i] = 0.999 * self.s[i] + 0.001 * g * g
            mh, vh = self.m[i] / (1 - 0.9 ** self.t), self.s[i] / (1 - 0.999 ** self.t)
            p -= self.lr * mh / (np.sqrt(vh) + 1e-8)
