import numpy as np


class Dropout(object):
    """p: probability of dropping a unit"""

    def __init__(self, p=0.5):
        self.p = p
        self.train_mode = True

    def set_mode(self, mode):
        self.train_mode = mode == "train"

    def forward(self, x):
        if not self.train_mode:
            return x
        self.m = np.random.uniform(size=x.shape) > self.p
        return x * self.m / (1 - self.p)

    def backward(self, dy):
        return dy * self.m / (1 - self.p)
