import numpy as np

class Dense:
    def __init__(self, i, o):
        self.W, self.b = np.random.randn(i, o), np.random.randn(o)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(0)
        return g @ self.W.T

class Net:
    def __init__(self, d, h, c):
        self.first, self.last = Dense(d, h), Dense(h, c)
    def logits(self, x):
        self.a = 1 / (1 + np.exp(-self.first.forward(x)))
        return self.last.forward(self.a)
    def learn(self, x, y, lr):
        s = self.logits(x)
        p = np.exp(s - s.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        g = self.last.backward(p / len(y))
        self.first.backward(g)
        for layer in (self.first, self.last):
            layer.W -= lr * layer.dW
