import numpy as np


class Classifier:
    def __init__(self, n_features, n_hidden, n_classes):
        self.W1 = np.random.randn(n_features, n_hidden) * 0.1
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.random.randn(n_hidden, n_classes) * 0.1
        self.b2 = np.zeros(n_classes)
        self.history = []

    def predict_proba(self, X):
        a = np.maximum(X @ self.W1 + self.b1, 0)
        z = a @ self.W2 + self.b2
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def fit(self, X, y, epochs=10, batch_size=32, lr=0.1, decay=0.9):
        n = len(X)
        for epoch in range(epochs):
            eta = lr * decay ** epoch
            perm = np.random.permutation(n)
            Xs, ys = X[perm], y[perm]
            total = 0.0
            for i in range(0, n, batch_size):
                xb, yb = Xs[i:i + batch_size], ys[i:i + batch_size]
                a = np.maximum(xb @ self.W1 + self.b1, 0)
                z = a @ self.W2 + self.b2
                e = np.exp(z - z.max(axis=1, keepdims=True))
                p = e / e.sum(axis=1, keepdims=True)
                total += -np.log(p[np.arange(len(yb)), yb]).sum()
                dz = p.copy()
                dz[np.arange(len(yb)), yb] -= 1
                dz /= len(yb)
                da = dz @ self.W2.T
                da[a <= 0] = 0
                self.W2 -= eta * a.T @ dz
                self.b2 -= eta * dz.sum(axis=0)
                self.W1 -= eta * xb.T @ da
                self.b1 -= eta * da.sum(axis=0)
            self.history.append(total / n)
        return self

    def score(self, X, y):
        return np.mean(np.argmax(self.predict_proba(X), axis=1) == y)
