import numpy as np

class BatchNormConv:
    def __init__(self, c):
        self.gamma = np.ones((1, c, 1, 1))
        self.beta = np.zeros((1, c, 1, 1))

    def forward(self, x):
        ax = (0, 2, 3)
        self.m = x.size / x.shape[1]
        self.xc = x - x.mean(axis=ax, keepdims=True)
        var = np.mean(self.xc ** 2, axis=ax, keepdims=True)
        self.inv = 1 / np.sqrt(var + 1e-5)
        self.xhat = self.xc * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        ax = (0, 2, 3)
        self.dgamma, self.dbeta = (dy * self.xhat).sum(ax), dy.sum(ax)
        dxhat = dy * self.gamma
        dvar = np.sum(dxhat * self.xc, axis=ax, keepdims=True) * -0.5 * self.inv ** 3
        return dxhat * self.inv + dvar * 2 * self.xc / self.m
