import numpy as np


class Network:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_in, n_hidden) * np.sqrt(2 / n_in)
        self.b1 = np.zeros((1, n_hidden))
        self.W2 = np.random.randn(n_hidden, n_out) * np.sqrt(2 / n_hidden)
        self.b2 = np.zeros((1, n_out))

    def forward(self, X):
        self.Z1 = np.dot(X, self.W1) + self.b1
        self.A1 = np.maximum(self.Z1, 0)
        self.Z2 = np.dot(self.A1, self.W2) + self.b2
        exp = np.exp(self.Z2 - self.Z2.max(axis=1, keepdims=True))
        self.A2 = exp / exp.sum(axis=1, keepdims=True)
        return self.A2

    def compute_loss(self, Y):
        return -np.sum(Y * np.log(self.A2 + 1e-9)) / Y.shape[0]

    def backward(self, X, Y):
        m = X.shape[0]
        dZ2 = (self.A2 - Y) / m
        self.dW2 = np.dot(self.A1.T, dZ2) / m
        self.db2 = np.sum(dZ2, axis=0, keepdims=True) / m
        dZ1 = np.dot(dZ2, self.W2.T) * (self.Z1 > 0)
        self.dW1 = np.dot(X.T, dZ1) / m
        self.db1 = np.sum(dZ1, axis=0, keepdims=True) / m

    def update(self, lr):
        self.W1 -= lr * self.dW1
        self.b1 -= lr * self.db1
        self.W2 -= lr * self.dW2
        self.b2 -= lr * self.db2
