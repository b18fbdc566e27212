import numpy as np

class NN:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * 0.5; self.b1 = np.zeros((1, h))
        self.W2 = np.random.randn(h, c) * 0.5; self.b2 = np.zeros((1, c))

    def forward(self, X):
        self.Z1 = np.dot(X, self.W1)
        self.A1 = np.maximum(0, self.Z1)
        self.Z2 = np.dot(self.A1, self.W2) + self.b2
        self.A2 = np.exp(self.Z2) / np.sum(np.exp(self.Z2), axis=1, keepdims=True)
        return self.A2

    def step(self, X, y, lr):
        n = X.shape[0]
        dZ2 = self.forward(X).copy()
        dZ2[range(n), y] -= 1
        dZ2 /= n
        dZ1 = np.dot(dZ2, self.W2.T)
        dZ1[self.Z1 < 0] = 0
        self.W2 -= lr * np.dot(self.A1.T, dZ2)
        self.b2 -= lr * dZ2.sum(axis=0, keepdims=True)
        self.W1 -= lr * np.dot(X.T, dZ1)
        self.b1 -= lr * dZ1.sum(axis=0, keepdims=True)
