import numpy as np

class Dense:
    def __init__(self, input_size, output_size):
        self.weights = np.random.randn(input_size, output_size) * 0.5
        self.bias = np.random.randn(1, output_size) * 0.5

    def forward(self, input):
        self.input = input
        return np.dot(self.input, self.weights) + self.bias

    def backward(self, output_gradient, learning_rate):
        weights_gradient = np.dot(self.input.T, output_gradient)
        input_gradient = np.dot(output_gradient, self.weights.T)
        self.weights -= learning_rate * weights_gradient
        self.bias -= learning_rate * np.sum(output_gradient, axis=0, keepdims=True)
        return input_gradient

class Tanh:
    def forward(self, input):
        self.output = np.tanh(input)
        return self.output
    def backward(self, output_gradient, learning_rate):
        return output_gradient * (1 - self.output ** 2)

class Softmax:
    def forward(self, input):
        tmp = np.exp(input - input.max(axis=1, keepdims=True))
        self.output = tmp / np.sum(tmp, axis=1, keepdims=True)
        return self.output
    def backward(self, output_gradient, learning_rate):
        return output_gradient * self.output * (1 - self.output)

def categorical_cross_entropy_prime(y_true, y_pred):
    return -y_true / y_pred / len(y_true)

def predict(network, input):
    output = input
    for layer in network:
        output = layer.forward(output)
    return output

def train(network, x, y, learning_rate):
    grad = categorical_cross_entropy_prime(y, predict(network, x))
    for layer in reversed(network):
        grad = layer.backward(grad, learning_rate)
