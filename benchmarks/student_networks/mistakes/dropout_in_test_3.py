import numpy as np

class Dense:
    def __init__(self, i, o):
        self.W, self.b = np.random.randn(i, o), np.zeros(o)
    def forward(self, x, mode):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.gW, self.gb = self.x.T @ g, g.sum(0)
        return g @ self.W.T

class Sigmoid:
    def forward(self, x, mode):
        self.y = 1 / (1 + np.exp(-x))
        return self.y
    def backward(self, g):
        return g * self.y * (1 - self.y)

class Dropout:
    def __init__(self, keep):
        self.keep = keep
    def forward(self, x, mode):
        if mode != "eval":
            self.m = (np.random.random_sample(x.shape) < self.keep) / self.keep
            return x * self.m
        return x
    def backward(self, g):
        return g * self.m

class Network:
    def __init__(self, d, h, c):
        self.dense1, self.drop, self.dense2 = Dense(d, h), Dropout(0.6), Dense(h, c)
        self.layers = [self.dense1, Sigmoid(), self.drop, self.dense2]
    def run(self, x, mode):
        for l in self.layers:
            x = l.forward(x, mode)
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    def evaluate(self, x):
        return self.run(x, "test")
    def fit_batch(self, x, t, lr):
        g = (self.run(x, "train") - t) / len(x)
        for l in reversed(self.layers):
            g = l.backward(g)
        for l in (self.dense1, self.dense2):
            l.W -= lr * l.gW
            l.b -= lr * l.gb
