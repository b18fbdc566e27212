import numpy as np

class MultiLayer:
    def __init__(self, dims):
        self.W = [np.random.randn(a, b) * 0.5 for a, b in zip(dims[:-1], dims[1:])]
        self.b = [np.zeros(b) for b in dims[1:]]

    def forward(self, X):
        self.a = [X]
        for i in range(len(self.W)):
            z = self.a[-1] @ self.W[i] + self.b[i]
            a = np.maximum(0, z)
            self.a.append(a)
        e = np.exp(a - a.max(axis=1, keepdims=True))
        self.probs = e / e.sum(axis=1, keepdims=True)
        return self.probs

    def train_step(self, X, y, lr):
        dz = self.forward(X).copy()
        dz[np.arange(len(y)), y] -= 1
        dz /= len(y)
        dz = dz * (self.a[-1] > 0)
        for i in range(len(self.W) - 1, -1, -1):
            dW = self.a[i].T @ dz
            db = dz.sum(axis=0)
            dz = (dz @ self.W[i].T) * (self.a[i] > 0)
            self.W[i] -= lr * dW
            self.b[i] -= lr * db
