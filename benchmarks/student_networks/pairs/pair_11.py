import numpy as np

class Classifier:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(h, d) * .5, np.zeros((h, 1))
        self.W2, self.b2 = np.random.randn(c, h) * .5, np.zeros((c, 1))

    def softmax(self, Z):
        E = np.exp(Z - Z.max(axis=0))
        return E / E.sum(axis=0)

    def forward(self, X):
        self.A1 = np.maximum(self.W1 @ X, 0)
        return self.softmax(self.W2 @ self.A1 + self.b2)

    def train(self, X, y, lr):
        m = y.size
        dZ2 = self.softmax(self.forward(X))
        dZ2[y, np.arange(m)] -= 1
        dZ2 /= m
        dZ1 = self.W2.T @ dZ2 * (self.A1 > 0)
        self.W2 -= lr * dZ2 @ self.A1.T
        self.b2 -= lr * dZ2.sum(axis=1, keepdims=True)
        self.W1 -= lr * dZ1 @ X.T
        self.b1 -= lr * dZ1.sum(axis=1, keepdims=True)
