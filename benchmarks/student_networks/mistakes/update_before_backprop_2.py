import numpy as np

class FCLayer:
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size) - 0.5
        self.bias = np.random.rand(output_size) - 0.5

    def forward(self, input):
        self.input = input
        return np.dot(input, self.weights) + self.bias

    def backward(self, output_error, learning_rate):
        self.weights -= learning_rate * np.dot(self.input.T, output_error)
        self.bias -= learning_rate * output_error.sum(axis=0)
        return np.dot(output_error, self.weights.T)

class Tanh:
    def forward(self, input):
        self.out = np.tanh(input)
        return self.out

    def backward(self, output_error, learning_rate):
        return output_error * (1 - self.out ** 2)

def forward(layers, x):
    for l in layers:
        x = l.forward(x)
    return x

def train_batch(layers, x, y, learning_rate):
    s = forward(layers, x)
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    error = p / len(y)
    for l in reversed(layers):
        error = l.backward(error, learning_rate)
