import numpy as np

EPS = 1e-2

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h)
        self.gamma = np.ones(h); self.beta = np.zeros(h)
        self.W2 = np.random.randn(h, c); self.b2 = np.zeros(c)

    def forward(self, X):
        z = X @ self.W1
        self.sd = np.std(z, axis=0) + EPS
        self.zn = (z - np.mean(z, axis=0)) / self.sd
        self.h = np.maximum(self.gamma * self.zn + self.beta, 0)
        s = np.exp(self.h @ self.W2 + self.b2)
        return s / s.sum(axis=1, keepdims=True)

    def train(self, X, y, lr):
        d = self.forward(X)
        d[range(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        dgamma, dbeta = (dh * self.zn).sum(0), dh.sum(0)
        dzn = dh * self.gamma
        dz = (dzn - dzn.mean(0) - self.zn * (dzn * self.zn).mean(0)) / self.sd
        self.W2 -= lr * self.h.T @ d; self.b2 -= lr * d.sum(0)
        self.gamma -= lr * dgamma; self.beta -= lr * dbeta
        self.W1 -= lr * X.T @ dz
