import numpy as np

ACTIVATIONS = {
    'sigmoid': lambda x: 1 / (1 + np.exp(-x)),
    'relu': lambda x: np.maximum(x, 0),
    None: lambda x: x,
}
# derivatives, given the output y
DERIVATIVES = {
    'sigmoid': lambda y: y * (1 - y),
    'relu': lambda y: y * (1 - y),
    None: lambda y: 1.0,
}


class Layer:
    def __init__(self, n_in, n_out, activation):
        self.weights = np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)
        self.biases = np.zeros(n_out)
        self.activation = activation


class Network:
    def __init__(self, layers):
        self.layers = layers

    def output(self, x):
        for layer in self.layers:
            layer.x = x
            x = layer.y = ACTIVATIONS[layer.activation](x @ layer.weights + layer.biases)
        return x

    def learn(self, x, labels, lr):
        s = self.output(x)
        g = np.exp(s - s.max(1, keepdims=True))
        g /= g.sum(1, keepdims=True)
        g[np.arange(len(labels)), labels] -= 1
        g /= len(labels)
        for layer in reversed(self.layers):
            g = g * DERIVATIVES[layer.activation](layer.y)
            dw, db = layer.x.T @ g, g.sum(axis=0)
            g = g @ layer.weights.T
            layer.weights -= lr * dw
            layer.biases -= lr * db
