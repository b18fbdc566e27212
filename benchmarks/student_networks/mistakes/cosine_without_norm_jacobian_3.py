import numpy as np

class Linear:
    def __init__(self, i, o):
        self.w, self.b = np.random.randn(i, o), np.zeros(o)
    def forward(self, x):
        self.x = x
        return x @ self.w + self.b
    def backward(self, g):
        self.dw, self.db = self.x.T @ g, g.sum(axis=0)
        return g @ self.w.T

class L2Normalize:
    def forward(self, x):
        self.length = np.sqrt((x ** 2).sum(axis=1, keepdims=True))
        self.out = x / self.length
        return self.out
    def backward(self, g):
        return g / self.length

def run(net, x):
    for layer in net:
        x = layer.forward(x)
    return x

def fit_batch(net, x, t, lr):
    s = run(net, x)
    p = np.exp(s - s.max(1, keepdims=True))
    g = (p / p.sum(1, keepdims=True) - t) / len(x)
    for layer in net[::-1]:
        g = layer.backward(g)
    for layer in (net[0], net[2]):
        layer.w -= lr * layer.dw
        layer.b -= lr * layer.db
