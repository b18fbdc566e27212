import numpy as np

class FFN:
    def __init__(self, d, h, k):
        self.W1 = np.random.randn(d, h) * 0.5
        self.b1 = np.zeros((1, h))
        self.W2 = np.random.randn(h, k) * 0.5
        self.b2 = np.zeros((1, k))

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        # self.a1 = relu(self.z1)
        self.a1 = self.z1
        z2 = self.a1 @ self.W2 + self.b2
        ez = np.exp(z2 - np.max(z2, axis=1, keepdims=True))
        self.y_hat = ez / np.sum(ez, axis=1, keepdims=True)
        return self.y_hat

    def backward(self, X, y, lr):
        n = X.shape[0]
        d2 = self.y_hat.copy()
        d2[range(n), y] -= 1
        d2 /= n
        d1 = d2 @ self.W2.T * (self.z1 > 0)
        self.W2 -= lr * self.a1.T @ d2
        self.b2 -= lr * np.sum(d2, axis=0, keepdims=True)
        self.W1 -= lr * X.T @ d1
        self.b1 -= lr * np.sum(d1, axis=0, keepdims=True)
