import numpy as np

class BatchNorm:
    def __init__(self, dim, momentum=0.1, eps=1e-5):
        self.gamma = np.ones(dim)
        self.beta = np.zeros(dim)
        self.running_mean = np.zeros(dim)
        self.running_var = np.ones(dim)
        self.momentum = momentum
        self.eps = eps

    def forward(self, x, mode='train'):
        mu, var = x.mean(axis=0), x.var(axis=0)
        if mode == 'train':
            n = x.shape[0]
            self.running_mean += self.momentum * (mu - self.running_mean)
            self.running_var += self.momentum * (var * n / (n - 1) - self.running_var)
        x_norm = (x - mu) / np.sqrt(var + self.eps)
        self.cache = x_norm, var
        return self.gamma * x_norm + self.beta

    def backward(self, dout):
        x_norm, var = self.cache
        self.dgamma, self.dbeta = (dout * x_norm).sum(0), dout.sum(0)
        d = dout * self.gamma
        return (d - d.mean(0) - x_norm * (d * x_norm).mean(0)) / np.sqrt(var + self.eps)
