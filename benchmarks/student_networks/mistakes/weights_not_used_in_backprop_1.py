import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, h) * .5; self.b2 = np.zeros(h)
        self.W3 = np.random.randn(h, c) * .5; self.b3 = np.zeros(c)

    def predict_proba(self, X):
        self.a1 = np.maximum(X @ self.W1 + self.b1, 0)
        self.a2 = np.maximum(self.a1 @ self.W2 + self.b2, 0)
        s = self.a2 @ self.W3 + self.b3
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def learn(self, X, y, lr):
        d3 = self.predict_proba(X)
        d3[np.arange(len(y)), y] -= 1
        d3 /= len(y)
        d2 = d3 @ self.W3.T * (self.a2 > 0)
        d1 = d2 * (self.a1 > 0)
        self.W3 -= lr * self.a2.T @ d3; self.b3 -= lr * d3.sum(0)
        self.W2 -= lr * self.a1.T @ d2; self.b2 -= lr * d2.sum(0)
        self.W1 -= lr * X.T @ d1; self.b1 -= lr * d1.sum(0)
