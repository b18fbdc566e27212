import numpy as np

class Momentum:
    def __init__(self, params, lr, beta=0.9):
        self.params = params
        self.lr = lr
        self.beta = beta
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for i, g in enumerate(grads):
            self.v[i] = self.beta * self.v[i] + (1.0 - self.beta) * g
            self.params[i] -= self.lr * self.v[i]
