import numpy as np

class BatchNorm1d:
    def __init__(self, n, eps=1e-5):
        self.gamma, self.beta, self.eps = np.ones(n), np.zeros(n), eps

    def forward(self, x):
        self.x = x
        self.mu = x.mean(axis=0)
        self.var = x.var(axis=0)
        self.xhat = (x - self.mu) / np.sqrt(self.var + self.eps)
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        N = len(dout)
        std = np.sqrt(self.var + self.eps)
        self.dgamma = np.sum(dout * self.xhat, axis=0)
        self.dbeta = np.sum(dout, axis=0)
        dxhat = dout * self.gamma
        dvar = np.sum(dxhat * (self.x - self.mu) * -0.5 * std ** -3, axis=0)
        dmu = np.sum(-dxhat / std, axis=0)
        dx = dxhat / std + dmu / N
        return dx
