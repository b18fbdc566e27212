import numpy as np


class Fc:
    def __init__(self, fan_in, fan_out):
        self.w = np.random.randn(fan_in, fan_out) / fan_in ** 0.5
        self.b = np.zeros(fan_out)

    def __call__(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, g):
        self.gw = self.x.T @ g
        self.gb = g.sum(0)
        return g @ self.w.T

    def step(self, lr):
        self.w -= lr * self.gw
        self.b -= lr * self.gb


class Sigm:
    def __call__(self, x):
        self.s = 1 / (1 + np.exp(-x))
        return self.s

    def backward(self, g):
        return g * self.s * (1 - self.s)

    def step(self, lr):
        pass


class CrossEntropy:
    def __call__(self, scores, y):
        self.scores, self.y = scores, y
        z = scores - scores.max(1, keepdims=True)
        self.logp = z - np.log(np.exp(z).sum(1, keepdims=True))
        return -self.logp[range(len(y)), y].mean()

    def backward(self):
        p = np.exp(self.logp)
        p[range(len(self.y)), self.y] -= 1
        return p


class Model:
    def __init__(self, *layers):
        self.layers = layers
        self.loss = CrossEntropy()

    def __call__(self, x):
        for l in self.layers:
            x = l(x)
        return x

    def train_on_batch(self, x, y, lr):
        loss = self.loss(self(x), y)
        g = self.loss.backward()
        for l in self.layers[::-1]:
            g = l.backward(g)
        for l in self.layers:
            l.step(lr)
        return loss
