import numpy as np

class Dropout:
    def __init__(self, p):
        self.p = p
        self.training = True

    def forward(self, x):
        if not self.training:
            return x
        self.mask = np.random.uniform(size=x.shape) > self.p
        return x * self.mask / (1 - self.p)

    def backward(self, grad):
        return grad / (1 - self.p)
