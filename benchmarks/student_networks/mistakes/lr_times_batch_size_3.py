import numpy as np


class Affine:
    def __init__(self, i, o, relu):
        self.weight = np.random.uniform(-1, 1, (o, i)) / np.sqrt(i)
        self.bias = np.zeros(o)
        self.relu = relu

    def forward(self, x):
        self.x = x
        self.z = x @ self.weight.T + self.bias
        return np.maximum(self.z, 0) if self.relu else self.z

    def backward(self, d):
        if self.relu:
            d = d * (self.z > 0)
        self.d_weight = d.T @ self.x
        self.d_bias = d.sum(0)
        return d @ self.weight


class Sgd:
    def __init__(self, layers, lr):
        self.layers, self.lr = layers, lr

    def step(self, batch):
        for l in self.layers:
            l.weight -= (self.lr * batch) * l.d_weight
            l.bias -= (self.lr * batch) * l.d_bias


def build(d, h, c):
    return [Affine(d, h, True), Affine(h, c, False)]


def run(layers, x):
    for l in layers:
        x = l.forward(x)
    return x


def compute_gradients(layers, x, t):
    s = run(layers, x)
    p = np.exp(s - s.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    g = (p - t) / len(x)
    for l in layers[::-1]:
        g = l.backward(g)
