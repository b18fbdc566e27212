import numpy as np

class BatchNorm:
    def __init__(self, n_features, momentum=0.1, eps=1e-5):
        self.gamma, self.beta = np.ones(n_features), np.zeros(n_features)
        self.running_mean, self.running_var = np.zeros(n_features), np.ones(n_features)
        self.momentum, self.eps = momentum, eps

    def forward(self, x, train=True):
        if train:
            mu, var = x.mean(0), x.var(0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * x.var(0, ddof=1)
        else:
            mu, var = self.running_mean, self.running_var
        self.std = np.sqrt(var + self.eps)
        self.xn = (x - mu) / self.std
        return self.gamma * self.xn + self.beta

    def backward(self, dy):
        self.dgamma = np.einsum("ij,ij->j", dy, self.xn)
        self.dbeta = dy.sum(0)
        m = len(dy)
        return self.gamma / (m * self.std) * (m * dy - self.dbeta - self.xn * self.dgamma)
