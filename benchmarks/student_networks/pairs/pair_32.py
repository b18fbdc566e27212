import numpy as np

class BN:
    def __init__(self, d, h, c):
        self.W1, self.g, self.b = np.random.randn(d, h), np.ones(h), np.zeros(h)
        self.W2, self.c = np.random.randn(h, c), np.zeros(c)

    def forward(self, X):
        z = X @ self.W1
        self.sd = np.sqrt(z.var(0) + 1e-5)
        self.n = (z - z.mean(0)) / self.sd
        self.h = np.maximum(self.g * self.n + self.b, 0)
        s = self.h @ self.W2 + self.c
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def loss(self, X, y):
        return -np.log(self.forward(X)[np.arange(len(y)), y]).mean()

    def step(self, X, y, lr):
        d = self.forward(X)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        dn = dh * self.g
        dz = (dn - dn.mean(0)) / self.sd
        grads = (X.T @ dz, (dh * self.n).sum(0), dh.sum(0), self.h.T @ d, d.sum(0))
        for p, q in zip((self.W1, self.g, self.b, self.W2, self.c), grads):
            p -= lr * q / len(y)
