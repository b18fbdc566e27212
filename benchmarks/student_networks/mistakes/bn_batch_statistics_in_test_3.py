import numpy as np

class BN2d:
    def __init__(self, c):
        self.w, self.b = np.ones((c, 1, 1)), np.zeros((c, 1, 1))
        self.mean, self.var = np.zeros((c, 1, 1)), np.ones((c, 1, 1))
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.is_training = False

    def forward(self, x):
        if self.training:
            mu = x.mean(axis=(0, 2, 3)).reshape(-1, 1, 1)
            v = x.var(axis=(0, 2, 3)).reshape(-1, 1, 1)
            n = x[:, 0].size
            self.mean = self.mean * 0.9 + mu * 0.1
            self.var = self.var * 0.9 + v * 0.1 * n / (n - 1)
        else:
            mu, v = self.mean, self.var
        self.sd = np.sqrt(v + 1e-5)
        self.h = (x - mu) / self.sd
        return self.w * self.h + self.b

    def backward(self, d):
        self.db = d.sum(axis=(0, 2, 3))
        self.dw = (d * self.h).sum(axis=(0, 2, 3))
        d = d * self.w
        k = dict(axis=(0, 2, 3), keepdims=True)
        return (d - d.mean(**k) - self.h * (d * self.h).mean(**k)) / self.sd
