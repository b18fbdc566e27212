import numpy as np

class MomentumMLP:
    def __init__(self, d, h, c):
        self.params = [np.random.randn(d, h) * .5, np.zeros(h), np.random.randn(h, c) * .5, np.zeros(c)]

    def predict_proba(self, X):
        W1, b1, W2, b2 = self.params
        s = np.maximum(X @ W1 + b1, 0) @ W2 + b2
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def gradients(self, X, y):
        W1, b1, W2, b2 = self.params
        h = np.maximum(X @ W1 + b1, 0)
        d = self.predict_proba(X)
        d[range(len(y)), y] -= 1
        d /= len(y)
        dh = d @ W2.T * (h > 0)
        return X.T @ dh, dh.sum(0), h.T @ d, d.sum(0)

    def fit(self, X, y, epochs=5, batch_size=16, lr=0.1, mu=0.9):
        for epoch in range(epochs):
            for i in range(0, len(X), batch_size):
                rows = slice(i, i + batch_size)
                vel = [np.zeros_like(p) for p in self.params]
                for p, v, g in zip(self.params, vel, self.gradients(X[rows], y[rows])):
                    v *= mu
                    v += g
                    p -= lr * v
