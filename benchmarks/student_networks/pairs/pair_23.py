import numpy as np

class Perceptron:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c), np.zeros(c)

    def forward(self, X):
        self.h = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
        return 1 / (1 + np.exp(-(self.h @ self.W2 + self.b2)))

    def cost(self, X, Y):
        return np.sum((self.forward(X) - Y) ** 2) / len(X)

    def learn(self, X, Y, lr):
        out = self.forward(X)
        d2 = 2 * (out - Y)
        d1 = d2 @ self.W2.T * self.h * (1 - self.h)
        self.W2 -= lr * self.h.T @ d2
        self.b2 -= lr * d2.sum(axis=0)
        self.W1 -= lr * X.T @ d1
        self.b1 -= lr * d1.sum(axis=0)
