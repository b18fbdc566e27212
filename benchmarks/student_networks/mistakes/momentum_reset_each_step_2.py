import numpy as np

class SGDMomentum:
    def __init__(self, lr, momentum):
        self.lr, self.momentum = lr, momentum
        self.v = {}

    def step(self, params, grads):
        self.v = {}
        for name in params:
            if name not in self.v:
                self.v[name] = np.zeros_like(params[name])
            self.v[name] = self.momentum * self.v[name] + grads[name]
            params[name] = params[name] - self.lr * self.v[name]
