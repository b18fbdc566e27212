import numpy as np

class Net:
    def __init__(self, d, h, c, reg):
        self.reg = reg
        self.W1 = np.random.randn(d, h) * .5
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5
        self.b2 = np.zeros(c)

    def loss(self, X, y):
        n = len(X)
        h = np.tanh(X @ self.W1 + self.b1)
        s = h @ self.W2 + self.b2
        s -= s.max(axis=1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        value = -np.log(p[range(n), y]).mean() + 0.5 * self.reg * (np.sum(self.W1 ** 2) + np.sum(self.W2 ** 2))
        p[range(n), y] -= 1
        p /= n
        self.gW2 = h.T @ p + self.reg * self.W2
        self.gb2 = p.sum(0)
        dz = p @ self.W2.T * (1 - h ** 2)
        self.gW1 = X.T @ dz
        self.gb1 = dz.sum(0)
        return value

    def step(self, lr):
        self.W1 -= lr * self.gW1; self.b1 -= lr * self.gb1
        self.W2 -= lr * self.gW2; self.b2 -= lr * self.gb2
