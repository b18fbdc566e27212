import numpy as np


class Affine:
    """y = x W + b"""

    def __init__(self, n_in, n_out):
        lim = np.sqrt(6 / (n_in + n_out))
        self.W = np.random.uniform(-lim, lim, size=(n_in, n_out))
        self.b = np.zeros(n_out)
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        out = np.dot(self.x, self.W) + self.b
        return out

    def backward(self, dout):
        dx = dout.copy()
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx
