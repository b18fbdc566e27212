import numpy as np


class FCLayer:
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(1, output_size) - 0.5

    def forward_propagation(self, input_data):
        self.input = input_data
        self.output = np.dot(self.input, self.weights) + self.bias
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        weights_error = np.dot(self.input.T, output_error)
        # update parameters
        self.weights -= learning_rate * weights_error
        return input_error


class ActivationLayer:
    def forward_propagation(self, input_data):
        self.input = input_data
        return np.tanh(input_data)

    def backward_propagation(self, output_error, learning_rate):
        return (1 - np.tanh(self.input) ** 2) * output_error


def predict(network, x):
    for layer in network:
        x = layer.forward_propagation(x)
    return 1 / (1 + np.exp(-x))


def train(network, x, y, learning_rate):
    out = predict(network, x)
    err = 2 * (out - y) / y.size * out * (1 - out)
    for layer in reversed(network):
        err = layer.backward_propagation(err, learning_rate)
    return np.mean((out - y) ** 2)
