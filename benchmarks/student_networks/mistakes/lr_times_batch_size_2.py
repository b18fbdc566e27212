import numpy as np


class MLPClassifier:
    def __init__(self, n_in, n_hid, n_out, eta):
        self.eta = eta
        self.w1, self.b1 = np.random.randn(n_in, n_hid), np.zeros(n_hid)
        self.w2, self.b2 = np.random.randn(n_hid, n_hid), np.zeros(n_hid)
        self.w3, self.b3 = np.random.randn(n_hid, n_out), np.zeros(n_out)

    def _feed(self, X):
        self.h1 = 1 / (1 + np.exp(-(X @ self.w1 + self.b1)))
        self.h2 = np.tanh(self.h1 @ self.w2 + self.b2)
        o = self.h2 @ self.w3 + self.b3
        o -= o.max(axis=1, keepdims=True)
        return np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)

    def _gradient(self, X, y):
        delta3 = self._feed(X)
        delta3[range(len(y)), y] -= 1
        delta3 /= len(y)
        delta2 = (delta3 @ self.w3.T) * (1 - self.h2 ** 2)
        delta1 = (delta2 @ self.w2.T) * (self.h1 - self.h1 ** 2)
        return {"w1": X.T @ delta1, "b1": delta1.sum(0), "w2": self.h1.T @ delta2, "b2": delta2.sum(0),
                "w3": self.h2.T @ delta3, "b3": delta3.sum(0)}

    def partial_fit(self, X, y):
        step = self.eta * X.shape[0]
        for k, g in self._gradient(X, y).items():
            setattr(self, k, getattr(self, k) - step * g)

    def predict_proba(self, X):
        return self._feed(X)

    def predict(self, X):
        return self._feed(X).argmax(axis=1)
