import numpy as np


class Mnist:
    def __init__(self, n_features, n_hidden, n_classes):
        self.ws = [np.random.randn(n_features, n_hidden) * np.sqrt(2 / n_features),
                   np.random.randn(n_hidden, n_classes) * np.sqrt(2 / n_hidden)]
        self.bs = [np.zeros(n_hidden), np.zeros(n_classes)]

    def forward(self, x):
        self.x = x
        self.h = np.maximum(x @ self.ws[0] + self.bs[0], 0.0)
        o = self.h @ self.ws[1] + self.bs[1]
        o = np.exp(o - np.max(o, axis=1)[:, np.newaxis])
        return o / np.sum(o, axis=1)[:, np.newaxis]

    def train(self, x, y, lr):
        d = self.forward(x)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = np.dot(d, self.ws[1].T)
        dh[self.h == 0] = 0
        dws = [x.T @ dh, self.h.T @ d]
        dbs = [np.sum(dh, axis=0), np.sum(d, axis=0)]
        for i in range(2):
            self.ws[i] = self.ws[i] - lr * dws[i]
        for b, db in zip(self.bs, dbs):
            b = b - lr * db
