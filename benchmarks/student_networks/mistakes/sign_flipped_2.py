import numpy as np


class ANN:
    def __init__(self, inputs, neurons, outputs):
        self.weights_ih = np.random.randn(inputs, neurons)
        self.bias_h = np.random.randn(neurons)
        self.weights_ho = np.random.randn(neurons, outputs)
        self.bias_o = np.random.randn(outputs)

    def feed_forward(self, X):
        self.hid = 1 / (1 + np.exp(-X.dot(self.weights_ih) - self.bias_h))
        raw = self.hid.dot(self.weights_ho) + self.bias_o
        raw = np.exp(raw - raw.max(axis=1).reshape(-1, 1))
        self.out = raw / raw.sum(axis=1).reshape(-1, 1)
        return self.out

    def back_propagate(self, X, y):
        target = np.zeros_like(self.out)
        target[np.arange(len(y)), y] = 1
        error = target - self.out
        error = error / len(y)
        self.g_ho, self.g_o = self.hid.T.dot(error), error.sum(axis=0)
        delta = error.dot(self.weights_ho.T) * self.hid * (1 - self.hid)
        self.g_ih, self.g_h = X.T.dot(delta), delta.sum(axis=0)

    def descend(self, lr):
        self.weights_ih -= lr * self.g_ih
        self.bias_h -= lr * self.g_h
        self.weights_ho -= lr * self.g_ho
        self.bias_o -= lr * self.g_o
