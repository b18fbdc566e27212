import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.p = {"W1": np.random.randn(d, h) * .5, "b1": np.zeros(h), "W2": np.random.randn(h, c) * .5, "b2": np.zeros(c)}

    def proba(self, X):
        self.h = np.maximum(X @ self.p["W1"] + self.p["b1"], 0)
        e = np.exp(self.h @ self.p["W2"] + self.p["b2"])
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, X, y, epochs=5, batch_size=32, lr=0.1):
        for _ in range(epochs):
            order = np.random.permutation(len(X))
            for k in range(len(X) // batch_size):
                b = order[k * batch_size:(k + 1) * batch_size]
                d = self.proba(X[b])
                d[np.arange(len(b)), y[b]] -= 1
                d /= len(b)
                dh = d @ self.p["W2"].T * (self.h > 0)
                for name, g in (("W1", X[b].T @ dh), ("b1", dh.sum(0)), ("W2", self.h.T @ d), ("b2", d.sum(0))):
                    self.p[name] -= lr * g
