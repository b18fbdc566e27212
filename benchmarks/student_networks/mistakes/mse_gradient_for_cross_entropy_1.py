import numpy as np

class SoftNet:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5
        self.b2 = np.zeros(c)

    def forward(self, X):
        self.A = np.maximum(X @ self.W1 + self.b1, 0)
        S = self.A @ self.W2 + self.b2
        E = np.exp(S - S.max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    def train_on_batch(self, X, T, lr):
        p = self.forward(X)
        loss = -np.mean(np.sum(T * np.log(p), axis=1))
        g = p - T                                             # dL/dp
        dS = p * (g - np.sum(g * p, axis=1, keepdims=True))   # softmax Jacobian
        dS /= len(X)
        dA = dS @ self.W2.T * (self.A > 0)
        self.W2 -= lr * self.A.T @ dS
        self.b2 -= lr * dS.sum(0)
        self.W1 -= lr * X.T @ dA
        self.b1 -= lr * dA.sum(0)
        return loss
