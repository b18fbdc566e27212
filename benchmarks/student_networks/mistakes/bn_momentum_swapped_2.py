import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.p = {'W1': np.random.randn(d, h), 'g': np.ones(h), 'b': np.zeros(h), 'W2': np.random.randn(h, c), 'c': np.zeros(c)}
        self.mean, self.var = np.zeros(h), np.ones(h)

    def proba(self, X, train):
        p = self.p
        z = X @ p['W1']
        mu, v = self.mean, self.var
        if train:
            mu, v = z.mean(0), z.var(0)
            self.mean += 0.9 * (mu - self.mean)
            self.var += 0.9 * (z.var(0, ddof=1) - self.var)
        self.r = (v + 1e-5) ** -0.5
        self.n = (z - mu) * self.r
        self.t = np.tanh(p['g'] * self.n + p['b'])
        e = np.exp(self.t @ p['W2'] + p['c'])
        return e / e.sum(1, keepdims=True)

    def step(self, X, y, lr):
        p = self.p
        d = self.proba(X, True)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        k = d @ p['W2'].T * (1 - self.t ** 2)
        q = k * p['g']
        dz = self.r * (q - q.mean(0) - self.n * (q * self.n).mean(0))
        grads = {'W1': X.T @ dz, 'g': (k * self.n).sum(0), 'b': k.sum(0), 'W2': self.t.T @ d, 'c': d.sum(0)}
        for name in p:
            p[name] = p[name] - lr * grads[name]
