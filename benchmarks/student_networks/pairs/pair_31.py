import numpy as np

def sig(x):
    return 1 / (1 + np.exp(-x))

def dsig(x):
    return sig(x) * (1 - sig(x))

class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h) * 2, np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, h) * 2, np.zeros(h)
        self.W3, self.b3 = np.random.randn(h, c) * 2, np.zeros(c)

    def forward(self, X):
        self.a1 = sig(X @ self.W1 + self.b1)
        self.a2 = sig(self.a1 @ self.W2 + self.b2)
        s = self.a2 @ self.W3 + self.b3
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def train(self, X, T, lr):
        d3 = (self.forward(X) - T) / len(X)
        d2 = d3 @ self.W3.T * dsig(self.a2)
        d1 = d2 * dsig(self.a1)
        self.W3 -= lr * self.a2.T @ d3; self.b3 -= lr * d3.sum(0)
        self.W2 -= lr * self.a1.T @ d2; self.b2 -= lr * d2.sum(0)
        self.W1 -= lr * X.T @ d1; self.b1 -= lr * d1.sum(0)
