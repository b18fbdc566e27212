import numpy as np

class OneVsRest:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)

    def forward(self, X):
        self.h = np.tanh(X @ self.W1 + self.b1)
        return 1 / (1 + np.exp(-(self.h @ self.W2 + self.b2)))

    def bce(self, out, Y):
        return -np.sum(Y * np.log(out + 1e-12) + (1 - Y) * np.log(1 - out + 1e-12)) / len(Y)

    def update(self, X, Y, lr):
        out = self.forward(X)
        dz2 = (out - Y) * out * (1 - out) / len(X)
        dz1 = dz2 @ self.W2.T * (1 - self.h ** 2)
        self.W2 -= lr * self.h.T @ dz2
        self.b2 -= lr * dz2.sum(axis=0)
        self.W1 -= lr * X.T @ dz1
        self.b1 -= lr * dz1.sum(axis=0)
