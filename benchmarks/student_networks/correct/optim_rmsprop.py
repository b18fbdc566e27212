import numpy as np

class RMSProp:
    def __init__(self, lr, rho, eps=1e-8):
        self.lr = lr
        self.rho = rho
        self.eps = eps
        self.avg = {}

    def update(self, name, param, grad):
        if name not in self.avg:
            self.avg[name] = np.zeros_like(param)
        self.avg[name] = self.rho * self.avg[name] + (1 - self.rho) * np.square(grad)
        return param - self.lr * grad / (np.sqrt(self.avg[name]) + self.eps)
