import numpy as np


class MLP:
    def __init__(self, input_dim, hidden_dim, output_dim):
        self.W1 = np.random.randn(input_dim, hidden_dim) * np.sqrt(2.0 / input_dim)
        self.b1 = np.zeros((1, hidden_dim))
        self.W2 = np.random.randn(hidden_dim, output_dim) * np.sqrt(2.0 / hidden_dim)
        self.b2 = np.zeros((1, output_dim))

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.a1 = np.maximum(0, self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        e = np.exp(self.z2 - np.max(self.z2, axis=1, keepdims=True))
        self.probs = e / np.sum(e, axis=1, keepdims=True)
        return self.probs

    def loss(self, probs, y):
        return -np.mean(np.log(probs[np.arange(len(y)), y] + 1e-12))

    def backward(self, X, y, lr):
        m = X.shape[0]
        dz2 = self.probs.copy()
        dz2[np.arange(m), y] -= 1
        dz2 /= m
        dW2 = self.a1.T @ dz2
        db2 = np.sum(dz2, axis=0, keepdims=True)
        dz1 = (dz2 @ self.W2.T) * (self.a1 > 0)   # mask on the output of ReLU: the same thing
        dW1 = X.T @ dz1
        db1 = np.sum(dz1, axis=0, keepdims=True)

        self.W2 -= lr * dW2
        self.b2 -= lr * db2
        self.W1 -= lr * dW1
        self.b1 -= lr * db1

    def fit(self, X, y, epochs=100, lr=0.1):
        for epoch in range(epochs):
            p = self.forward(X)
            self.backward(X, y, lr)
            if epoch % 10 == 0:
                print(epoch, self.loss(p, y))
