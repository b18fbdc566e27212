import numpy as np


class Sigmoid:
    def forward(self, x):
        # stable on both sides
        self.y = np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))
        return self.y

    def backward(self, g):
        return g * self.y * (1 - self.y)


class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope

    def forward(self, x):
        self.x = x
        return np.maximum(x, self.slope * x)

    def backward(self, g):
        return np.where(self.x > 0, g, self.slope * g)


class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        self.y = np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
        return self.y

    def backward(self, g):
        return g * np.where(self.x > 0, 1.0, self.y + self.alpha)
