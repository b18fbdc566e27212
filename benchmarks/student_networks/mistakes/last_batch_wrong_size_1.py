import numpy as np

class Net:
    def __init__(self, d, h, c, batch_size=32):
        self.batch_size = batch_size
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)

    def proba(self, X):
        self.a = np.maximum(0, X @ self.W1 + self.b1)
        e = np.exp(self.a @ self.W2 + self.b2)
        return e / e.sum(axis=1, keepdims=True)

    def step(self, X, y, lr):
        d = self.proba(X)
        d[np.arange(len(y)), y] -= 1
        d /= self.batch_size
        da = d @ self.W2.T * (self.a > 0)
        self.W2 -= lr * self.a.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ da; self.b1 -= lr * da.sum(0)

    def fit(self, X, y, epochs, lr):
        for _ in range(epochs):
            idx = np.random.permutation(len(X))
            for i in range(0, len(X), self.batch_size):
                b = idx[i:i + self.batch_size]
                self.step(X[b], y[b], lr)
