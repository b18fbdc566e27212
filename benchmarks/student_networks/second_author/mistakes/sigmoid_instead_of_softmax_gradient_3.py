import numpy as np


def standardise(data):
    mean = data.mean(axis=0)
    std = data.std(axis=0)
    return (data - mean) / std


class Perceptron2:
    def __init__(self, shape):
        n, h, k = shape
        self.w1, self.c1 = np.random.uniform(-.5, .5, (n, h)), np.zeros(h)
        self.w2, self.c2 = np.random.uniform(-.5, .5, (h, k)), np.zeros(k)

    def propagate(self, data):
        self.inp = standardise(data)
        self.net1 = self.inp @ self.w1 + self.c1
        self.out1 = self.net1.clip(min=0)
        self.net2 = self.out1 @ self.w2 + self.c2
        return self.net2

    def adapt(self, data, classes, eta):
        q = 1 / (1 + np.exp(-self.propagate(data)))
        for row, cls in zip(q, classes):
            row[cls] -= 1
        q /= len(classes)
        back = (q @ self.w2.T) * (self.net1 > 0)
        self.w2 -= eta * self.out1.T @ q
        self.c2 -= eta * q.sum(0)
        self.w1 -= eta * self.inp.T @ back
        self.c1 -= eta * back.sum(0)
