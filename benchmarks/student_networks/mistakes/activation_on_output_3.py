import numpy as np

class Dense:
    def __init__(self, i, o):
        self.W = np.random.randn(i, o) * np.sqrt(2 / i)
        self.b = np.zeros(o)
    def fwd(self, x):
        self.x = x
        return self.x.dot(self.W) + self.b
    def bwd(self, g):
        self.dW = self.x.T.dot(g)
        self.db = g.sum(axis=0)
        return g.dot(self.W.T)

class Relu:
    def fwd(self, x):
        self.pos = x > 0
        return x * self.pos
    def bwd(self, g):
        return g * self.pos

def make_model(d, h, c):
    return [Dense(d, h), Relu(), Dense(h, c), Relu()]

def logits(model, x):
    for layer in model:
        x = layer.fwd(x)
    return x

def train_batch(model, x, y, lr):
    s = logits(model, x)
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    p[np.arange(len(y)), y] -= 1
    g = p / len(y)
    for layer in model[::-1]:
        g = layer.bwd(g)
    for layer in model:
        if isinstance(layer, Dense):
            layer.W -= lr * layer.dW
            layer.b -= lr * layer.db
    return loss
