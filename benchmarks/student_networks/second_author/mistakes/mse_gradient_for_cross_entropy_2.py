import numpy as np


class BCELoss:
    def __init__(self, eps=1e-12):
        self.eps = eps

    def forward(self, pred, target):
        self.pred, self.target = np.clip(pred, self.eps, 1 - self.eps), target
        return -(self.target * np.log(self.pred) + (1 - self.target) * np.log(1 - self.pred)).mean()

    def backward(self):
        p, t = self.pred, self.target
        return 2 * (p - t) / p.size
