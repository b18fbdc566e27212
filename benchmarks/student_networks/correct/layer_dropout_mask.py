import numpy as np


class Dropout:
    def __init__(self, p=0.5):
        self.p = p
        self.mask = None

    def forward(self, x, training=True, mask=None):
        if not training or self.p == 0:
            self.mask = np.ones_like(x)
            return x
        if mask is None:
            mask = np.random.random(x.shape) >= self.p
        self.mask = mask / (1 - self.p)
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask
