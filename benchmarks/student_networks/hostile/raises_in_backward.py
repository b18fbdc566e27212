import numpy as np


class Layer:
    def forward(self, x):
        raise NotImplementedError

    def backward(self, g):
        raise NotImplementedError


class Dense(Layer):
    def __init__(self, i, o):
        self.W, self.b = np.random.randn(i, o), np.zeros(o)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        # your code here
        raise NotImplementedError("homework 3, part 2")


class Net:
    def __init__(self, d, h, c):
        self.layers = [Dense(d, h), Dense(h, c)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, x, t):
        g = (self.forward(x) - t) / len(x)
        for layer in reversed(self.layers):
            g = layer.backward(g)
