import numpy as np

class Layer:
    def __init__(self, i, o):
        self.W, self.b = np.random.randn(i, o) / np.sqrt(i), np.zeros(o)
        self.square = i == o
        self.vW, self.vb = 0, 0
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, d):
        self.dW = d.T @ self.x if self.square else self.x.T @ d
        self.db = d.sum(0)
        return d @ self.W.T

class Net:
    def __init__(self, d, h, c):
        self.layers = [Layer(d, h), Layer(h, h), Layer(h, c)]
    def forward(self, x):
        self.outs = []
        for l in self.layers[:-1]:
            x = np.tanh(l.forward(x))
            self.outs.append(x)
        return self.layers[-1].forward(x)
    def train(self, x, y):
        s = self.forward(x)
        g = np.exp(s - s.max(1, keepdims=True))
        g /= g.sum(1, keepdims=True)
        g[range(len(y)), y] -= 1
        g = self.layers[-1].backward(g / len(y))
        for l, o in zip(self.layers[-2::-1], self.outs[::-1]):
            g = l.backward(g * (1 - o ** 2))
        for l in self.layers:
            l.vW, l.vb = 0, 0
            l.vW = 0.9 * l.vW + l.dW
            l.vb = 0.9 * l.vb + l.db
            l.W -= 0.05 * l.vW
            l.b -= 0.05 * l.vb
