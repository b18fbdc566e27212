import numpy as np

class NN:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5
        self.b2 = np.zeros(c)

    def forward(self, X):
        self.a1 = np.maximum(X @ self.W1 + self.b1, 0)
        o = np.exp(self.a1 @ self.W2 + self.b2)
        return o / o.sum(axis=1, keepdims=True)

    def train(self, X, Y, lr):
        d2 = (self.forward(X) - Y) / len(X)
        self.W2 -= lr * self.a1.T @ d2
        self.b2 -= lr * d2.sum(axis=0)
        d1 = d2 @ self.W2.T * (self.a1 > 0)
        self.W1 -= lr * X.T @ d1
        self.b1 -= lr * d1.sum(axis=0)
