import numpy as np

class BNNet:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h)
        self.g, self.b = np.ones(h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c) * .5, np.zeros(c)

    def forward(self, X):
        z = X @ self.W1
        self.s = np.sqrt(z.var(0) + 1e-5)
        self.u = (z - z.mean(0)) / self.s
        self.a = np.maximum(self.u * self.g + self.b, 0)
        e = np.exp(self.a @ self.W2 + self.b2)
        return e / e.sum(1, keepdims=True)

    def train(self, X, Y, lr):
        d = (self.forward(X) - Y) / len(X)
        da = d @ self.W2.T * (self.a > 0)
        du = self.g / self.s * (da - da.mean(0))
        grads = [X.T @ du, (da * self.u).sum(0), da.sum(0), self.a.T @ d, d.sum(0)]
        for p, g in zip([self.W1, self.g, self.b, self.W2, self.b2], grads):
            p -= lr * g
