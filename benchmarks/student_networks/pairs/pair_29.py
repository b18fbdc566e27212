import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.p = [np.random.randn(d, h), np.zeros(h), np.random.randn(h, c), np.zeros(c)]
        self.v = [np.zeros_like(q) for q in self.p]

    def forward(self, X, drop=True):
        self.z = X @ self.p[0] + self.p[1]
        self.mask = (np.random.rand(*self.z.shape) < 0.5) / 0.5 if drop else np.ones_like(self.z)
        h = np.maximum(self.z, 0) * self.mask
        s = h @ self.p[2] + self.p[3]
        e = np.exp(s - s.max(1, keepdims=True))
        return h, e / e.sum(1, keepdims=True)

    def predict_proba(self, X):
        return self.forward(X)[1]

    def fit_batch(self, X, T, lr):
        h, out = self.forward(X)
        d = (out - T) / len(X)
        g1 = d @ self.p[2].T * self.mask * (self.z > 0)
        for p, v, g in zip(self.p, self.v, (X.T @ g1, g1.sum(0), h.T @ d, d.sum(0))):
            v[:] = -0.5 * v - lr * g
            p += v
