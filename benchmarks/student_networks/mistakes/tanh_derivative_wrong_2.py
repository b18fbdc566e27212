import numpy as np

class Linear:
    def __init__(self, i, o):
        self.params = {"w": np.random.randn(i, o) * 0.5, "b": np.random.randn(o) * 0.5}
        self.grads = {}
    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.params["w"] + self.params["b"]
    def backward(self, grad):
        self.grads["b"] = np.sum(grad, axis=0)
        self.grads["w"] = self.inputs.T @ grad
        return grad @ self.params["w"].T

def tanh_prime(x):
    return 1 - np.tanh(x)

class Tanh:
    params = {}
    def forward(self, inputs):
        self.inputs = inputs
        return np.tanh(inputs)
    def backward(self, grad):
        return tanh_prime(self.inputs) * grad

class Net:
    def __init__(self, layers):
        self.layers = layers
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def backward(self, g):
        for layer in reversed(self.layers):
            g = layer.backward(g)

def train(net, x, y, lr):
    s = net.forward(x)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    g = e / e.sum(axis=1, keepdims=True)
    g[np.arange(len(y)), y] -= 1
    net.backward(g / len(y))
    for layer in net.layers:
        for name in layer.params:
            layer.params[name] -= lr * layer.grads[name]
