import numpy as np

class Reg:
    def __init__(self, d, h, c, lam):
        self.W1, self.b1 = np.random.randn(d, h), np.random.randn(h)
        self.W2, self.b2 = np.random.randn(h, c), np.random.randn(c)
        self.lam = lam

    def proba(self, X):
        self.t = np.tanh(X @ self.W1 + self.b1)
        s = self.t @ self.W2 + self.b2
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def cost(self, X, Y):
        return -np.mean(np.log((self.proba(X) * Y).sum(1))) + self.lam / 2 * (np.sum(self.W1 ** 2) + np.sum(self.W2 ** 2))

    def update(self, X, Y, lr):
        d2 = (Y - self.proba(X)) / len(X)
        d1 = d2 @ self.W2.T * (1 - self.t ** 2)
        dW2 = self.t.T @ d2 + self.lam * self.W2
        db2 = d2.sum(0) + self.lam * self.b2
        dW1 = X.T @ d1 + self.lam * self.W1
        db1 = d1.sum(0) + self.lam * self.b1
        self.W1 -= lr * dW1; self.b1 -= lr * db1
        self.W2 -= lr * dW2; self.b2 -= lr * db2
