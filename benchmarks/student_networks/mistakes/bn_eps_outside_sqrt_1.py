import numpy as np

class BatchNorm:
    def __init__(self, n, eps=1e-5):
        self.gamma, self.beta, self.eps = np.ones(n), np.zeros(n), eps

    def forward(self, x):
        self.std = np.sqrt(x.var(axis=0)) + self.eps
        self.xhat = (x - x.mean(axis=0)) / self.std
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        dx = dout * self.gamma
        return (dx - dx.mean(axis=0) - self.xhat * (dx * self.xhat).mean(axis=0)) / self.std
