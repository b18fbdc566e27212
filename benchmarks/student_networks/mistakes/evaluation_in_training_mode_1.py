import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, X):
        self.z = X @ self.W1 + self.b1
        self.h = np.maximum(self.z, 0)
        if self.training:
            self.mask = (np.random.rand(*self.h.shape) < 0.5) / 0.5
            self.h = self.h * self.mask
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(axis=1, keepdims=True)

    def train_step(self, X, y, lr):
        d = self.forward(X)
        d[range(len(y)), y] -= 1
        d /= len(y)
        dz = d @ self.W2.T * self.mask * (self.z > 0)
        self.W2 -= lr * self.h.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dz; self.b1 -= lr * dz.sum(0)

    def evaluate_proba(self, X):
        return self.forward(X)  # evaluation

    def accuracy(self, X, y):
        return (self.evaluate_proba(X).argmax(1) == y).mean()
