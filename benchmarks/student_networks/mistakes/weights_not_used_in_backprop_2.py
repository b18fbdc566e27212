import numpy as np

class Dense:
    def __init__(self, i, o):
        self.w, self.b = np.random.randn(i, o), np.zeros(o)
    def forward(self, x):
        self.x = x
        return x @ self.w + self.b
    def backward(self, grad):
        self.gw, self.gb = self.x.T @ grad, grad.sum(axis=0)
        if grad.shape[1] == self.x.shape[1]:
            return grad
        return grad @ self.w.T

class Sigmoid:
    def forward(self, x):
        self.s = 1 / (1 + np.exp(-x))
        return self.s
    def backward(self, grad):
        return grad * self.s * (1 - self.s)

def net(d, h, c):
    return [Dense(d, h), Sigmoid(), Dense(h, h), Sigmoid(), Dense(h, c)]

def forward(layers, x):
    for l in layers:
        x = l.forward(x)
    return x

def train(layers, x, t, lr):
    s = forward(layers, x)
    p = np.exp(s - s.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
    g = (p - t) / len(x)
    for l in layers[::-1]:
        g = l.backward(g)
    for l in layers[::2]:
        l.w -= lr * l.gw
        l.b -= lr * l.gb
