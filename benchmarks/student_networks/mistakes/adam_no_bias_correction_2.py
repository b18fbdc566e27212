import numpy as np

class Net:
    def __init__(self, sizes):
        d, h, c = sizes
        self.theta = [np.random.randn(d, h) * .5, np.zeros(h), np.random.randn(h, c) * .5, np.zeros(c)]
        self.m = [0.0] * 4
        self.v = [0.0] * 4
        self.t = 0

    def forward(self, X):
        W1, b1, W2, b2 = self.theta
        self.a = np.maximum(X @ W1 + b1, 0)
        s = self.a @ W2 + b2
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def fit_batch(self, X, Y, lr=0.01):
        d = (self.forward(X) - Y) / len(X)
        dh = d @ self.theta[2].T * (self.a > 0)
        self.t += 1
        for i, g in enumerate([X.T @ dh, dh.sum(0), self.a.T @ d, d.sum(0)]):
            self.m[i] = 0.9 * self.m[i] + 0.1 * g
            self.v[i] = 0.999 * self.v[i] + 0.001 * g * g
            mh = self.m[i] / (1 - 0.9 ** self.t)
            vh = self.v[i]
            self.theta[i] -= lr * mh / (np.sqrt(vh) + 1e-8)
