import numpy as np


def add_ones(a):
    return np.hstack([a, np.ones((len(a), 1))])


class Perceptron2:
    def __init__(self, nin, nhid, nout):
        # last row of each matrix = bias
        self.w1 = np.random.randn(nin + 1, nhid) * .4
        self.w2 = np.random.randn(nhid + 1, nout) * .4

    def output(self, X):
        self.x1 = add_ones(X)
        self.hid = 1 / (1 + np.exp(-self.x1 @ self.w1))
        self.x2 = add_ones(self.hid)
        s = self.x2 @ self.w2
        self.out = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        return self.out

    def gradients(self, y):
        t = np.zeros_like(self.out)
        t[np.arange(len(y)), y] = 1
        d2 = (self.out - t) / len(y)
        g2 = self.x2.T @ d2
        d1 = (d2 @ self.w2[:-1].T) * self.hid * (1 - self.hid)   # without the bias row
        g1 = self.x1.T @ d1
        return g1, g2

    def learn(self, X, y, lr):
        self.output(X)
        g1, g2 = self.gradients(y)
        self.w1 -= lr * g1
        self.w2 -= lr * g2

    def classify(self, X):
        return np.argmax(self.output(X), axis=1)
