import numpy as np

class MyNN:
    def __init__(self, d, h, k):
        self.W1 = np.random.randn(d, h) * 0.4
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, k) * 0.4
        self.b2 = np.zeros(k)

    def forward(self, X):
        self.X = X
        self.z1 = X @ self.W1 + self.b1
        self.a1 = np.maximum(self.z1, 0)
        self.z2 = self.a1 @ self.W2 + self.b2
        p = np.exp(self.z2 - self.z2.max(1, keepdims=True))
        self.p = p / p.sum(1, keepdims=True)
        return self.p

    def backward(self, y, lr):
        N = y.shape[0]
        dz2 = self.p.copy()
        dz2[np.arange(N), y] -= 1
        dz2 = dz2 / N
        dW2 = self.a1.T @ dz2
        db2 = dz2.mean(axis=0)
        dz1 = (dz2 @ self.W2.T) * (self.z1 > 0)
        dW1 = self.X.T @ dz1
        db1 = dz1.mean(axis=0)
        for p, g in ((self.W1, dW1), (self.b1, db1), (self.W2, dW2), (self.b2, db2)):
            p -= lr * g
