import numpy as np


class DropoutNet:
    def __init__(self, n_in, n_hidden, n_out, keep=0.75):
        self.W1, self.b1 = np.random.randn(n_in, n_hidden) / np.sqrt(n_in), np.zeros(n_hidden)
        self.W2, self.b2 = np.random.randn(n_hidden, n_out) / np.sqrt(n_hidden), np.zeros(n_out)
        self.keep = keep
        self.training = True

    def forward(self, X):
        self.z = X @ self.W1 + self.b1
        self.h = np.tanh(self.z)
        self.mask = (np.random.rand(*self.h.shape) < self.keep) / self.keep
        self.dropped = self.h * self.mask if self.training else self.h
        scores = self.dropped @ self.W2 + self.b2
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def train_step(self, X, y, lr):
        self.training = True
        d = self.forward(X)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * self.mask
        dz = dh * (1 - self.h**2)
        self.W2 -= lr * self.dropped.T @ d
        self.b2 -= lr * d.sum(axis=0)
        self.W1 -= lr * X.T @ dz
        self.b1 -= lr * dz.sum(axis=0)

    def predict_proba(self, X):
        self.training = False
        return self.forward(X)
