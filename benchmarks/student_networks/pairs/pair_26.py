import numpy as np

class Net:
    def __init__(self, n_x, n_h, n_y):
        self.W1, self.b1 = np.random.randn(n_h, n_x), np.zeros((n_h, 1))
        self.W2, self.b2 = np.random.randn(n_y, n_h), np.zeros((n_y, 1))

    def forward(self, X):
        self.A1 = 1 / (1 + np.exp(-(self.W1 @ X + self.b1)))
        Z2 = self.W2 @ self.A1 + self.b2
        t = np.exp(Z2 - Z2.max(axis=0))
        return t / t.sum(axis=0)

    def step(self, X, Y, lr):
        m = X.shape[1]
        A2 = self.forward(X)
        dZ2 = (A2 - Y) * A2 * (1 - A2) / m
        dZ1 = self.W2.T @ dZ2 * self.A1 * (1 - self.A1)
        self.W2 -= lr * dZ2 @ self.A1.T
        self.b2 -= lr * dZ2.sum()
        self.W1 -= lr * dZ1 @ X.T
        self.b1 -= lr * dZ1.sum()
