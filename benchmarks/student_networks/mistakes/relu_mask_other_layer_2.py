import numpy as np

class Linear:
    def __init__(self, i, o):
        self.w = np.random.randn(i, o) * (2 / i) ** 0.5
        self.b = np.zeros(o)
    def forward(self, x):
        self.x = x
        return x @ self.w + self.b
    def backward(self, g, lr):
        back = g @ self.w.T
        self.w -= lr * (self.x.T @ g)
        self.b -= lr * g.sum(axis=0)
        return back

class ReLU:
    def forward(self, x):
        self.mask = (x > 0)
        return x * self.mask
    def backward(self, g, lr):
        return g * self.mask

def build(d, h, c):
    relu = ReLU()
    return [Linear(d, h), relu, Linear(h, h), relu, Linear(h, c)]

def run(net, x):
    for layer in net:
        x = layer.forward(x)
    return x

def train(net, x, y, lr):
    s = run(net, x)
    s = s - s.max(axis=1, keepdims=True)
    g = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    g[np.arange(len(y)), y] -= 1
    g /= len(y)
    for layer in net[::-1]:
        g = layer.backward(g, lr)
