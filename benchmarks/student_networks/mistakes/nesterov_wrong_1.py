import numpy as np

class NesterovSGD:
    def __init__(self, params, lr=0.01, mu=0.9):
        self.params, self.lr, self.mu = params, lr, mu
        self.vel = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for p, v, g in zip(self.params, self.vel, grads):
            look_ahead = g + self.mu * v
            v[:] = self.mu * v + g
            p -= self.lr * look_ahead
