import numpy as np

class Net:
    def __init__(self, d, h, c, p=0.5):
        self.W1, self.b1 = np.random.randn(d, h) * .6, np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c) * .6, np.zeros(c)
        self.p = p

    def forward(self, X):
        self.z = X @ self.W1 + self.b1
        self.mask = (np.random.rand(*self.z.shape) >= self.p) / (1 - self.p)
        self.a = np.maximum(self.z, 0) * self.mask
        e = np.exp(self.a @ self.W2 + self.b2)
        return e / e.sum(1, keepdims=True)

    def train(self, X, y, lr):
        d = self.forward(X)
        d[range(len(y)), y] -= 1
        d /= len(y)
        dz = d @ self.W2.T * self.mask * (self.z > 0)
        self.W2 -= lr * self.a.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dz; self.b1 -= lr * dz.sum(0)

    def predict_proba(self, X):
        return self.forward(X)
