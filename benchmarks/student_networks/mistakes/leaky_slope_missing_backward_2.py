import numpy as np

class LeakyReLU:
    def __init__(self, alpha=0.01):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.maximum(self.alpha * x, x)

    def backward(self, grad_output):
        dx = grad_output.copy()
        dx[self.x < 0] = 0
        return dx
