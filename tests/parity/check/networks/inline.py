import numpy as np


class MLP:
    def __init__(self, n_in, n_hidden, n_out, lr=0.1):
        rng = np.random.default_rng(0)
        self.W1 = rng.normal(size=(n_in, n_hidden)).astype(np.float32)
        self.b1 = np.zeros(n_hidden, dtype=np.float32)
        self.W2 = rng.normal(size=(n_hidden, n_out)).astype(np.float32)
        self.b2 = np.zeros(n_out, dtype=np.float32)
        self.lr = lr

    def predict_proba(self, X):
        h = np.tanh(X @ self.W1 + self.b1)
        z = h @ self.W2 + self.b2
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def predict(self, X):
        return self.predict_proba(X).argmax(1)

    def fit(self, X, y, epochs=10, batch_size=32):
        rng = np.random.default_rng(1)
        for _ in range(epochs):
            order = rng.permutation(len(X))
            for start in range(0, len(X), batch_size):
                i = order[start : start + batch_size]
                x, t = X[i], y[i]
                h = np.tanh(x @ self.W1 + self.b1)
                p = self.predict_proba(x)
                d = p.copy()
                d[np.arange(len(i)), t] -= 1
                d /= len(i)
                dh = (d @ self.W2.T) * (1 - h**2)
                self.W2 -= self.lr * h.T @ d
                self.b2 -= self.lr * d.sum(0)
                self.W1 -= self.lr * x.T @ dh
                self.b1 -= self.lr * dh.sum(0)
        return self
