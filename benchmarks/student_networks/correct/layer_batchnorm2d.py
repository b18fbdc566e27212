import numpy as np


class SpatialBatchNorm:
    def __init__(self, channels):
        self.weight = np.ones(channels)
        self.bias = np.zeros(channels)
        self.mean = np.zeros(channels)
        self.var = np.ones(channels)
        self.training = True

    def forward(self, x):
        n, c, h, w = x.shape
        flat = x.transpose(0, 2, 3, 1).reshape(-1, c)
        if self.training:
            mu, v = flat.mean(0), flat.var(0)
            m = len(flat)
            self.mean = 0.9 * self.mean + 0.1 * mu
            self.var = 0.9 * self.var + 0.1 * v * m / (m - 1)
        else:
            mu, v = self.mean, self.var
        self.std = np.sqrt(v + 1e-5)
        self.z = (flat - mu) / self.std
        out = self.z * self.weight + self.bias
        return out.reshape(n, h, w, c).transpose(0, 3, 1, 2)

    def backward(self, dy):
        n, c, h, w = dy.shape
        d = dy.transpose(0, 2, 3, 1).reshape(-1, c)
        self.grad_weight = np.sum(d * self.z, axis=0)
        self.grad_bias = d.sum(axis=0)
        d = d * self.weight
        dx = (d - d.mean(0) - self.z * (d * self.z).mean(0)) / self.std
        return dx.reshape(n, h, w, c).transpose(0, 3, 1, 2)
