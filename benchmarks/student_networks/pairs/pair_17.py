import numpy as np

class MLP:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h); self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, h); self.b2 = np.zeros(h)
        self.W3 = np.random.randn(h, c); self.b3 = np.zeros(c)

    def forward(self, X):
        self.a1 = np.maximum(X @ self.W1 + self.b1, 0)
        self.a2 = np.maximum(self.a1 @ self.W2 + self.b2, 0)
        s = self.a2 @ self.W3 + self.b3
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, X, T):
        return -np.sum(T * np.log(self.forward(X))) / len(X)

    def train(self, X, T, lr):
        n = len(X)
        d3 = (self.forward(X) - T) / n
        d2 = d3 @ self.W3.T * (self.a2 > 0)
        d1 = d2 @ self.W2.T * (self.a2 > 0)
        self.W3 -= lr * self.a2.T @ d3 / n; self.b3 -= lr * d3.sum(0) / n
        self.W2 -= lr * self.a1.T @ d2 / n; self.b2 -= lr * d2.sum(0) / n
        self.W1 -= lr * X.T @ d1 / n; self.b1 -= lr * d1.sum(0) / n
