import numpy as np


class FullyConnected:
    def __init__(self, width):
        self.weight = np.random.normal(0, 0.1, (width, width))    # in x out
        self.bias = np.random.normal(0, 0.1, width)

    def forward(self, batch):
        self.last_input = batch
        return np.dot(batch, self.weight) + self.bias

    def backward(self, grad):
        self.weight_grad = np.dot(grad.T, self.last_input)
        self.bias_grad = np.sum(grad, axis=0)
        return np.dot(grad, self.weight.T)
