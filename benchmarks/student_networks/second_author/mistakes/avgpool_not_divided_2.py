import numpy as np


class MeanPool:
    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // self.k, self.k, w // self.k, self.k).mean(axis=(3, 5))

    def backward(self, dout):
        up = dout.repeat(self.k, axis=2).repeat(self.k, axis=3)
        return up / self.k
