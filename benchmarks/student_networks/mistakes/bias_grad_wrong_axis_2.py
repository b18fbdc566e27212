import numpy as np


class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.normal(scale=0.5, size=(n_in, n_hidden))
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.random.normal(scale=0.5, size=(n_hidden, n_out))
        self.b2 = np.zeros(n_out)

    def predict_proba(self, X):
        self.h = 1 / (1 + np.exp(-(X @ self.W1 + self.b1)))
        s = self.h @ self.W2 + self.b2
        e = np.exp(s - np.max(s, axis=1, keepdims=True))
        return e / np.sum(e, axis=1, keepdims=True)

    def fit_step(self, X, Y, lr):
        p = self.predict_proba(X)
        d2 = (p - Y) / len(X)
        d1 = d2 @ self.W2.T * self.h * (1 - self.h)
        self.W2 -= lr * self.h.T @ d2
        self.b2 -= lr * np.sum(d2, axis=0)
        self.W1 -= lr * X.T @ d1
        self.b1 -= lr * np.sum(d1)
        return -np.mean(np.log(p[Y == 1]))
