import numpy as np

class MLP:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)

    def forward(self, X):
        self.a = np.maximum(0, X @ self.W1 + self.b1)
        s = self.a @ self.W2 + self.b2
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def loss(self, X, y, reg):
        p = self.forward(X)
        return -np.log(p[np.arange(len(y)), y]).mean() + 0.5 * reg * (np.sum(self.W1**2) + np.sum(self.W2**2))

    def train(self, X, y, lr, reg):
        d2 = self.forward(X)
        d2[np.arange(len(y)), y] -= 1
        d2 /= len(y)
        d1 = d2 @ self.W2.T * (self.a > 0)
        dW2 = self.a.T @ d2 - reg * self.W2
        dW1 = X.T @ d1 - reg * self.W1
        self.W1 -= lr * dW1; self.b1 -= lr * d1.sum(0)
        self.W2 -= lr * dW2; self.b2 -= lr * d2.sum(0)
