import numpy as np


class AffineLayer:
    """y = x W + b"""

    def __init__(self, fan_in, fan_out):
        lim = np.sqrt(6 / (fan_in + fan_out))
        self.W = np.random.uniform(-lim, lim, size=(fan_in, fan_out))
        self.b = np.zeros(fan_out)
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        out = np.dot(self.x, self.W) + self.b
        return out

    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(dout.T, self.x)
        self.db = np.sum(dout, axis=0)
        return dx
