import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c), np.zeros(c)

    def forward(self, X):
        self.h = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(axis=1, keepdims=True)

    def train(self, X, Y, lr):
        d = (self.forward(X) - Y) / len(X)
        dh = d @ self.W2.T * self.h * (1 - self.h)
        self.W2 -= lr * self.h.T @ d
        self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh
        self.b1 -= lr * dh.sum(0)

    def accuracy(self, X, Y):
        p = self.forward(X)
        return np.mean(np.argmax(p, axis=0) == np.argmax(Y, axis=0))
