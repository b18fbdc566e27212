import numpy as np

class Net:
    def __init__(self, d, h, c, lmbda=0.0):
        self.W1, self.b1 = np.random.randn(d, h), np.random.randn(h)
        self.W2, self.b2 = np.random.randn(h, c), np.random.randn(c)
        self.lmbda = lmbda

    def forward(self, X):
        self.h = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(axis=1, keepdims=True)

    def loss(self, X, Y):
        ce = -np.mean(np.sum(Y * np.log(self.forward(X)), axis=1))
        return ce + self.lmbda * (np.sum(self.W1 ** 2) + np.sum(self.W2 ** 2))

    def backprop(self, X, Y, lr):
        d2 = (self.forward(X) - Y) / len(X)
        d1 = d2 @ self.W2.T * self.h * (1 - self.h)
        dW2 = self.h.T @ d2 + 2 * self.lmbda * self.W2
        db2 = d2.sum(0) + 2 * self.lmbda * self.b2
        dW1 = X.T @ d1 + 2 * self.lmbda * self.W1
        db1 = d1.sum(0) + 2 * self.lmbda * self.b1
        self.W1 -= lr * dW1; self.b1 -= lr * db1
        self.W2 -= lr * dW2; self.b2 -= lr * db2
