import numpy as np


class NeuralNet:
    def __init__(self, shape):
        self.W = [np.random.randn(a, b) * 0.4 for a, b in zip(shape, shape[1:])]
        self.b = [np.random.randn(b) * 0.1 for b in shape[1:]]

    def _sample(self, x):
        h = np.tanh(x @ self.W[0] + self.b[0])
        s = h @ self.W[1] + self.b[1]
        e = np.exp(s - s.max())
        return h, e / e.sum()

    def predict_proba(self, X):
        return np.stack([self._sample(x)[1] for x in X])

    def mean_loss(self, X, T):
        return -np.mean(np.sum(T * np.log(self.predict_proba(X)), axis=1))

    def train_batch(self, X, T, lr=0.1):
        gW = [np.zeros_like(w) for w in self.W]
        gb = [np.zeros_like(b) for b in self.b]
        for x, t in zip(X, T):
            h, p = self._sample(x)
            d = p - t
            gW[1] += np.outer(h, d)
            gb[1] += d
            d = (self.W[1] @ d) * (1 - h ** 2)
            gW[0] += np.outer(x, d)
            gb[0] += d
        for k in (0, 1):
            self.W[k] -= lr * gW[k]
            self.b[k] -= lr * gb[k]
