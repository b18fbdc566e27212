"""A graph of nodes; samples are columns."""

import numpy as np


class Node:
    def __init__(self, before, width, squash):
        self.before, self.width, self.squash = before, width, squash
        if before is not None:
            self.matrix = np.random.randn(width, before.width)
            self.shift = np.zeros((width, 1))

    def pull(self, x):
        if self.before is None:
            self.value = x
        else:
            z = self.matrix @ self.before.pull(x) + self.shift
            self.value = np.tanh(z) if self.squash else z
        return self.value

    def push(self, slope, rate):
        if self.before is None:
            return
        if self.squash:
            slope = slope * (1 - self.value**2)
        down = self.matrix.T @ slope
        self.matrix -= rate * slope @ self.before.value.T
        self.shift -= rate * slope.sum(1, keepdims=True)
        self.before.push(down, rate)


def train(last, x, y, rate):
    last.push((last.pull(x) - y) / x.shape[1], rate)
