import numpy as np

def sigm(x):
    return 1 / (1 + np.exp(-x))

class Network:
    def __init__(self, d, h, k):
        self.W1 = np.random.randn(d, h); self.b1 = np.random.randn(h)
        self.W2 = np.random.randn(h, k); self.b2 = np.random.randn(k)
    def hidden(self, X):
        return sigm(X @ self.W1 + self.b1)
    def proba(self, X):
        e = np.exp(self.hidden(X) @ self.W2 + self.b2)
        return e / e.sum(1, keepdims=True)
    def cross_entropy(self, X, T):
        return -(T * np.log(self.proba(X))).sum(1).mean()
    def step(self, X, T, lr):
        h, p = self.hidden(X), self.proba(X)
        d2 = (p - T) * p * (1 - p) / len(X)
        d1 = d2 @ self.W2.T * h * (1 - h)
        self.W2 -= lr * h.T @ d2; self.b2 -= lr * d2.sum(0)
        self.W1 -= lr * X.T @ d1; self.b1 -= lr * d1.sum(0)
