import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.p = [np.random.randn(d, h) * .5, np.zeros(h), np.random.randn(h, c) * .5, np.zeros(c)]
        self.mv = [(np.zeros_like(q), np.zeros_like(q)) for q in self.p]
        self.t = 0

    def proba(self, X):
        self.h = np.maximum(X @ self.p[0] + self.p[1], 0)
        s = self.h @ self.p[2] + self.p[3]
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def fit_batch(self, X, Y):
        d = (self.proba(X) - Y) / len(X)
        dh = d @ self.p[2].T
        self.t += 1
        for i, g in enumerate([X.T @ dh, dh.sum(0), self.h.T @ d, d.sum(0)]):
            m, v = self.mv[i]
            m, v = .9 * m + .1 * g, .999 * v + .001 * g * g
            self.mv[i] = m, v
            self.p[i] -= 0.01 * m / (np.sqrt(v) + 1e-8)
