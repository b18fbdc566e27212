import numpy as np

class Dense:
    def __init__(self, i, o):
        self.weights = np.random.randn(i, o) * .4
        self.biases = np.zeros((1, o))
    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.weights + self.biases
    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        return dvalues @ self.weights.T

def update_params(layer, lr, momentum=0.5):
    if not hasattr(layer, 'weight_momentums'):
        layer.weight_momentums = np.zeros_like(layer.weights)
        layer.bias_momentums = np.zeros_like(layer.biases)
    weight_updates = momentum * layer.weight_momentums - lr * layer.dweights
    layer.weight_momentums = weight_updates
    bias_updates = momentum * layer.bias_momentums - lr * layer.dbiases
    layer.bias_momentums = bias_updates
    layer.weights -= weight_updates
    layer.biases -= bias_updates

class Net:
    def __init__(self, d, h, c):
        self.d1, self.d2 = Dense(d, h), Dense(h, c)
    def forward(self, X):
        self.r = np.maximum(self.d1.forward(X), 0)
        return self.d2.forward(self.r)
    def train(self, X, y, lr):
        s = self.forward(X)
        p = np.exp(s - s.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[range(len(y)), y] -= 1
        back = self.d2.backward(p / len(y))
        back[self.r <= 0] = 0
        self.d1.backward(back)
        update_params(self.d1, lr)
        update_params(self.d2, lr)
