import numpy as np


class SquareNet:
    def __init__(self, n_in, n_hid, n_out):
        self.W1 = np.random.randn(n_in, n_hid) * 0.5
        self.b1 = np.zeros(n_hid)
        self.W2 = np.random.randn(n_hid, n_hid) * 0.5
        self.b2 = np.zeros(n_hid)
        self.W3 = np.random.randn(n_hid, n_out) * 0.5
        self.b3 = np.zeros(n_out)

    def predict_proba(self, X):
        self.a1 = np.maximum(X @ self.W1 + self.b1, 0)
        self.a2 = np.maximum(self.a1 @ self.W2 + self.b2, 0)
        z = self.a2 @ self.W3 + self.b3
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def train(self, X, y, lr):
        n = len(y)
        d3 = self.predict_proba(X)
        d3[np.arange(n), y] -= 1
        d3 /= n
        gW3 = self.a2.T @ d3
        d2 = (d3 @ self.W3.T) * (self.a2 > 0)
        gW2 = d2.T @ self.a1
        d1 = (d2 @ self.W2.T) * (self.a1 > 0)
        gW1 = X.T @ d1
        self.W3 -= lr * gW3; self.b3 -= lr * d3.sum(0)
        self.W2 -= lr * gW2; self.b2 -= lr * d2.sum(0)
        self.W1 -= lr * gW1; self.b1 -= lr * d1.sum(0)
