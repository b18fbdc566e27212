import numpy as np

class Layer_Dense:
    def __init__(self, n, k):
        self.weights = 0.3 * np.random.randn(n, k)
        self.biases = np.zeros((1, k))
    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases
    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T

class Activation_ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)
    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[dvalues <= 0] = 0

class Softmax_Loss:
    def forward(self, inputs, y):
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return -np.log(self.output[range(len(y)), y]).mean()
    def backward(self, y):
        d = self.output.copy()
        d[range(len(y)), y] -= 1
        self.dinputs = d / len(d) / len(d)

def loss(net, X, y):
    d1, r, d2, l = net
    d1.forward(X)
    r.forward(d1.output)
    d2.forward(r.output)
    return l.forward(d2.output, y)

def step(net, X, y, lr):
    d1, r, d2, l = net
    loss(net, X, y)
    l.backward(y)
    d2.backward(l.dinputs)
    r.backward(d2.dinputs)
    d1.backward(r.dinputs)
    for d in (d1, d2):
        d.weights -= lr * d.dweights
        d.biases -= lr * d.dbiases
