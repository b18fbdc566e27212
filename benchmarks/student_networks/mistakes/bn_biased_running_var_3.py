import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h)
        self.gamma, self.beta = np.ones(h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c), np.zeros(c)
        self.mean, self.var = np.zeros(h), np.ones(h)

    def _out(self, X, mu, v):
        self.isd = 1 / np.sqrt(v + 1e-5)
        self.xh = (X @ self.W1 - mu) * self.isd
        self.h = np.maximum(self.gamma * self.xh + self.beta, 0)
        s = self.h @ self.W2 + self.b2
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def predict_proba(self, X):
        return self._out(X, self.mean, self.var)

    def train_step(self, X, y, lr):
        z = X @ self.W1
        mu, v = z.mean(0), z.var(0)
        self.mean = .9 * self.mean + .1 * mu
        self.var = .9 * self.var + .1 * v
        d = self._out(X, mu, v)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        dn = dh * self.gamma
        dz = self.isd * (dn - dn.mean(0) - self.xh * (dn * self.xh).mean(0))
        self.W2 -= lr * self.h.T @ d; self.b2 -= lr * d.sum(0)
        self.gamma -= lr * (dh * self.xh).sum(0); self.beta -= lr * dh.sum(0)
        self.W1 -= lr * X.T @ dz
