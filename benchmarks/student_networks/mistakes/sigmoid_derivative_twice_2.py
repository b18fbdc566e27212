import numpy as np

class SimpleNet:
    def __init__(self, n0, n1, n2):
        self.W1, self.b1 = np.random.randn(n1, n0), np.random.randn(n1, 1)
        self.W2, self.b2 = np.random.randn(n2, n1), np.random.randn(n2, 1)

    def sigmoid(self, z):
        return 1.0 / (1.0 + np.exp(-z))

    def dsigmoid(self, z):
        s = self.sigmoid(z)
        return s * (1 - s)

    def forward(self, X):
        self.X = X
        self.a1 = self.sigmoid(self.W1.dot(X) + self.b1)
        self.a2 = self.sigmoid(self.W2.dot(self.a1) + self.b2)
        return self.a2

    def iterate(self, X, Y, lr):
        m = X.shape[1]
        self.forward(X)
        d2 = (self.a2 - Y) * self.dsigmoid(self.a2)
        d1 = self.W2.T.dot(d2) * self.dsigmoid(self.a1)
        self.W2 -= lr * d2.dot(self.a1.T) / m
        self.b2 -= lr * d2.sum(axis=1, keepdims=True) / m
        self.W1 -= lr * d1.dot(X.T) / m
        self.b1 -= lr * d1.sum(axis=1, keepdims=True) / m
