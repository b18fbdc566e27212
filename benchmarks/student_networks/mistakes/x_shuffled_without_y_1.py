import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h) * .5, np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c) * .5, np.zeros(c)

    def predict_proba(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(1, keepdims=True)

    def train_batch(self, X, y, lr):
        d = self.predict_proba(X)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        self.W2 -= lr * self.h.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh; self.b1 -= lr * dh.sum(0)

    def fit(self, X, y, epochs=10, batch_size=32, lr=0.1):
        for _ in range(epochs):
            order = np.random.permutation(len(X))
            Xs = X[order]
            ys = y
            for i in range(0, len(X), batch_size):
                self.train_batch(Xs[i:i + batch_size], ys[i:i + batch_size], lr)
