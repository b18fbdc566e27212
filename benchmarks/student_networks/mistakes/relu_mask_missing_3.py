import numpy as np

class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.3 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)

class Activation_ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)
    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        dvalues[self.inputs <= 0] = 0

def scores(net, X):
    for layer in net:
        layer.forward(X)
        X = layer.output
    return X

def step(net, X, y, lr):
    out = scores(net, X)
    e = np.exp(out - out.max(axis=1, keepdims=True))
    d = e / e.sum(axis=1, keepdims=True)
    d[range(len(y)), y] -= 1
    d = d / len(y)
    for layer in reversed(net):
        layer.backward(d)
        d = layer.dinputs
    for layer in net:
        if hasattr(layer, "weights"):
            layer.weights -= lr * layer.dweights
            layer.biases -= lr * layer.dbiases
