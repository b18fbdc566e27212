import numpy as np

class Dense:
    def __init__(self, a, b):
        self.W = np.random.randn(a, b) / np.sqrt(a); self.b = np.zeros(b)
    def __call__(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.gW, self.gb = self.x.T @ g, g.sum(0)
        return g @ self.W.T

class Sigmoid:
    def __call__(self, x):
        self.out = 1. / (1. + np.exp(-x))
        return self.out
    def backward(self, grad):
        return grad

class Stack:
    def __init__(self, *items):
        self.items = items
    def __call__(self, x):
        for f in self.items:
            x = f(x)
        return x
    def train(self, x, y, lr):
        s = self(x)
        p = np.exp(s - s.max(1, keepdims=True)); p /= p.sum(1, keepdims=True)
        p[np.arange(y.size), y] -= 1
        g = p / y.size
        for f in self.items[::-1]:
            g = f.backward(g)
        for f in self.items:
            if isinstance(f, Dense):
                f.W -= lr * f.gW; f.b -= lr * f.gb
