import numpy as np

class Dropout:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, train=True):
        if not train:
            return x
        self.mask = (np.random.rand(*x.shape) > self.rate)
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask
