import numpy as np

class DropoutLayer:
    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x, train=True):
        self.scale = np.random.binomial(1, 1 - self.p, size=x.shape) / (1 - self.p)
        return x * self.scale

    def backward(self, dout):
        return dout * self.scale
