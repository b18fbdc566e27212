import numpy as np

class BatchNormalization:
    def __init__(self, features):
        self.gamma, self.beta = np.ones(features), np.zeros(features)
        self.running_mean, self.running_var = np.zeros(features), np.ones(features)

    def forward(self, x, training):
        if training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = 0.9 * self.running_mean + 0.1 * mean
            self.running_var = 0.9 * self.running_var + 0.1 * var
        else:
            mean, var = self.running_mean, self.running_var
        self.inv_std = 1 / np.sqrt(var + 1e-5)
        self.norm = (x - mean) * self.inv_std
        return self.gamma * self.norm + self.beta

    def backward(self, d):
        self.dgamma = (d * self.norm).sum(axis=0)
        self.dbeta = d.sum(axis=0)
        d = d * self.gamma
        return self.inv_std * (d - d.mean(axis=0) - self.norm * (d * self.norm).mean(axis=0))
