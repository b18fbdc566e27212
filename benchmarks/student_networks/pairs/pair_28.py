import numpy as np

class MultiLayer:
    def __init__(self, dims):
        self.W = [np.random.randn(i, o) for i, o in zip(dims, dims[1:])]
        self.b = [np.zeros(o) for o in dims[1:]]

    def forward(self, X):
        self.a = [X]
        for W, b in zip(self.W, self.b):
            z = self.a[-1] @ W + b
            self.a.append(np.maximum(0, z))
        e = np.exp(self.a[-1] - self.a[-1].max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        return self.p

    def train_step(self, X, y, lr):
        dz = self.forward(X).copy()
        dz[np.arange(len(y)), y] -= 1
        dz /= len(y)
        dz = dz * (self.a[-1] > 0)
        for i in (1, 0):
            back = (dz @ self.W[i].T) * (self.a[i] > 0)
            self.W[i] -= lr * self.a[i].T @ dz
            self.b[i] -= lr * dz.mean(axis=0)
            dz = back
