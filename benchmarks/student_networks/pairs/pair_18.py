import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h), np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c), np.zeros(c)

    def predict_proba(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        s = self.h @ self.W2 + self.b2
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def step(self, X, y, lr):
        d = self.predict_proba(X)
        d[range(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        self.W2 -= lr * self.h.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh; self.b1 -= lr * dh.sum(0)

    def fit(self, X, y, epochs=10, batch_size=32, lr=0.1):
        n = len(X)
        for _ in range(epochs):
            idx = np.random.permutation(n)
            Xs = X[idx]
            for i in range(0, n - batch_size + 1, batch_size):
                self.step(Xs[i:i + batch_size], y[i:i + batch_size], lr)
