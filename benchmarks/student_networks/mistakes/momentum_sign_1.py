import numpy as np

class Optimizer:
    def __init__(self, parameters, learning_rate=0.01, momentum=0.9):
        self.parameters = parameters
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocity = [np.zeros(p.shape) for p in parameters]

    def step(self, gradients):
        for i, (p, g) in enumerate(zip(self.parameters, gradients)):
            self.velocity[i] = g - self.momentum * self.velocity[i]
            p -= self.learning_rate * self.velocity[i]
