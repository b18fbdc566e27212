import numpy as np

class Net:
    def __init__(self, n_x, n_h, n_y, keep_prob=0.5):
        self.W1 = np.random.randn(n_x, n_h) * np.sqrt(2 / n_x); self.b1 = np.zeros(n_h)
        self.W2 = np.random.randn(n_h, n_y) * np.sqrt(2 / n_h); self.b2 = np.zeros(n_y)
        self.keep_prob = keep_prob

    def forward(self, X, training=True):
        self.Z1 = X @ self.W1 + self.b1
        self.A1 = np.maximum(0, self.Z1)
        if training:
            self.D1 = np.random.rand(*self.A1.shape) < self.keep_prob
            self.A1 *= self.D1
        Z2 = self.A1 @ self.W2 + self.b2
        E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    def train_batch(self, X, Y, lr):
        dZ2 = (self.forward(X) - Y) / len(X)
        dA1 = dZ2 @ self.W2.T * self.D1
        dZ1 = dA1 * (self.Z1 > 0)
        self.W2 -= lr * self.A1.T @ dZ2; self.b2 -= lr * dZ2.sum(0)
        self.W1 -= lr * X.T @ dZ1; self.b1 -= lr * dZ1.sum(0)
