import numpy as np


class Linear:
    def __init__(self, in_features, out_features):
        bound = in_features ** -0.5
        self.weight = np.random.uniform(-bound, bound, (out_features, in_features))
        self.bias = np.random.uniform(-bound, bound, out_features)
        self.zero_grad()

    def zero_grad(self):
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = np.zeros_like(self.bias)

    def forward(self, x):
        self._x = x
        return x @ self.weight.T + self.bias

    def backward(self, grad_output):
        self.grad_weight += grad_output.T @ self._x
        self.grad_bias += grad_output.sum(axis=0)
        return grad_output @ self.weight
