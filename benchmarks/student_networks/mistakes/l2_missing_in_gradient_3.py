import numpy as np

L2 = 0.05

class Layer:
    def __init__(self, i, o, sig):
        self.w, self.b, self.sig = np.random.randn(i, o), np.zeros(o), sig
    def forward(self, x):
        self.x = x
        z = x @ self.w + self.b
        self.y = 1 / (1 + np.exp(-z)) if self.sig else z
        return self.y
    def backward(self, g):
        if self.sig:
            g = g * self.y * (1 - self.y)
        self.dw = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.w.T
    def penalty(self):
        return L2 * np.sum(self.w ** 2)

class Model:
    def __init__(self, d, h, c):
        self.layers = [Layer(d, h, True), Layer(h, c, False)]
    def proba(self, x):
        for l in self.layers:
            x = l.forward(x)
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)
    def loss(self, x, t):
        return -np.sum(t * np.log(self.proba(x))) / len(x) + sum(l.penalty() for l in self.layers)
    def train(self, x, t, lr):
        g = (self.proba(x) - t) / len(x)
        for l in reversed(self.layers):
            g = l.backward(g)
        for l in self.layers:
            l.w -= lr * l.dw
            l.b -= lr * l.db
