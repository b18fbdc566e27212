import numpy as np

class NN:
    def __init__(self, n_in, n_hid, n_out):
        self.w1 = np.random.randn(n_in, n_hid) * np.sqrt(1 / n_in)
        self.b1 = np.zeros(n_hid)
        self.w2 = np.random.randn(n_hid, n_out) * np.sqrt(1 / n_hid)
        self.b2 = np.zeros(n_out)

    def forward(self, X):
        self.a1 = np.maximum(0, X @ self.w1 + self.b1)
        e = np.exp(self.a1 @ self.w2 + self.b2)
        self.a2 = e / e.sum(axis=0)
        return self.a2

    def fit_batch(self, X, Y, lr):
        d2 = (self.forward(X) - Y) / len(X)
        d1 = (d2 @ self.w2.T) * (self.a1 > 0)
        self.w2 -= lr * self.a1.T @ d2
        self.b2 -= lr * d2.sum(axis=0)
        self.w1 -= lr * X.T @ d1
        self.b1 -= lr * d1.sum(axis=0)
