import numpy as np


class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c), np.zeros(c)

    def forward(self, X):
        return np.eye(len(self.b2))[self.predict(X)]

    def predict(self, X):
        return self.forward(X).argmax(axis=1)

    def backward(self, X, Y, lr):
        d = (self.forward(X) - Y) / len(X)
        self.W2 -= lr * np.tanh(X @ self.W1).T @ d
