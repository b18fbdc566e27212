import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.w = [np.random.randn(d, h) * .5, np.zeros(h), np.random.randn(h, c) * .5, np.zeros(c)]
        self.v = [np.zeros_like(w) for w in self.w]

    def proba(self, X):
        self.h = np.maximum(X @ self.w[0] + self.w[1], 0)
        e = np.exp(self.h @ self.w[2] + self.w[3])
        return e / e.sum(1, keepdims=True)

    def train(self, X, Y, lr, mu=0.9):
        d = (self.proba(X) - Y) / len(X)
        dh = d @ self.w[2].T * (self.h > 0)
        for i, g in enumerate((X.T @ dh, dh.sum(0), self.h.T @ d, d.sum(0))):
            w, v = self.w[i], self.v[i]
            v_prev = v.copy()
            v *= mu
            v -= lr * g
            w += mu * v_prev + (1 + mu) * v
