import numpy as np


class DenseLayer:
    def __init__(self, n_in, n_out):
        self.weights = 0.1 * np.random.randn(n_in, n_out)
        self.biases = np.zeros((1, n_out))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases
        return self.output

    def backward(self, dvalues):
        n = len(self.inputs)
        self.dweights = self.inputs.T @ dvalues / n
        self.dbiases = dvalues.sum(axis=0, keepdims=True) / n
        self.dinputs = dvalues @ self.weights.T


class Relu:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)
        return self.output

    def backward(self, dvalues):
        self.dinputs = np.where(self.inputs > 0, dvalues, 0)


class SoftmaxLoss:
    def forward(self, inputs, targets):
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        self.targets = targets
        return np.mean(-np.log(self.output[np.arange(len(targets)), targets]))

    def backward(self):
        d = self.output.copy()
        d[np.arange(len(d)), self.targets] -= 1
        self.dinputs = d / len(d)


def sgd(layer, lr):
    layer.weights -= lr * layer.dweights
    layer.biases -= lr * layer.dbiases
