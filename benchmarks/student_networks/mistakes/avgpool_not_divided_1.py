import numpy as np

class AvgPool:
    def __init__(self, k):
        self.k = k
    def forward(self, x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // self.k, self.k, w // self.k, self.k).mean(axis=(3, 5))
    def backward(self, dout):
        return np.kron(dout, np.ones((self.k, self.k)))
