import numpy as np


class BatchNorm:
    def __init__(self, d, eps=1e-5, momentum=0.1):
        self.gamma, self.beta = np.ones(d), np.zeros(d)
        self.eps, self.momentum = eps, momentum
        self.running_mean, self.running_var = np.zeros(d), np.ones(d)

    def forward(self, x, train=True):
        if not train:
            return self.gamma * (x - self.running_mean) / np.sqrt(self.running_var + self.eps) + self.beta
        N, D = x.shape
        # step1: calculate mean
        mu = 1. / N * np.sum(x, axis=0)
        # step2: subtract mean vector of every training example
        self.xmu = x - mu
        # step3: following the lower branch - calculation denominator
        sq = self.xmu ** 2
        # step4: calculate variance
        self.var = 1. / N * np.sum(sq, axis=0)
        # step5: add eps for numerical stability, then sqrt
        self.sqrtvar = np.sqrt(self.var + self.eps)
        # step6: invert sqrtwar
        self.ivar = 1. / self.sqrtvar
        # step7: execute normalization
        self.xhat = self.xmu * self.ivar
        self.running_mean += self.momentum * (mu - self.running_mean)
        self.running_var += self.momentum * (self.var * N / (N - 1) - self.running_var)
        # step8: Nor the two transformation steps
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        N, D = dout.shape
        self.dbeta = np.sum(dout, axis=0)
        self.dgamma = np.sum(dout * self.xhat, axis=0)
        dxhat = dout * self.gamma
        divar = np.sum(dxhat * self.xmu, axis=0)
        dxmu1 = dxhat * self.ivar
        dsqrtvar = -1. / (self.sqrtvar ** 2) * divar
        dvar = 0.5 * 1. / np.sqrt(self.var + self.eps) * dsqrtvar
        dsq = 1. / N * np.ones((N, D)) * dvar
        dxmu2 = 2 * self.xmu * dsq
        dx1 = dxmu1 + dxmu2
        dmu = -1 * np.sum(dx1, axis=0)
        dx2 = 1. / N * np.ones((N, D)) * dmu
        return dx1 + dx2
