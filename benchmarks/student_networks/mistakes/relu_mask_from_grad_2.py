import numpy as np

class Lin:
    def __init__(self, i, o):
        self.W, self.b = np.random.randn(i, o) / i ** .5, np.zeros(o)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, grad):
        self.dW, self.db = self.x.T @ grad, grad.sum(0)
        return grad @ self.W.T

class Relu:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)
    def backward(self, grad):
        return np.maximum(grad, 0)

class Net:
    def __init__(self, d, h, c):
        self.l1, self.act, self.l2 = Lin(d, h), Relu(), Lin(h, c)
    def forward(self, x):
        return self.l2.forward(self.act.forward(self.l1.forward(x)))
    def train_step(self, x, t, lr):
        z = self.forward(x)
        p = np.exp(z - z.max(1, keepdims=True))
        p = p / p.sum(1, keepdims=True)
        self.l1.backward(self.act.backward(self.l2.backward((p - t) / len(x))))
        for l in (self.l1, self.l2):
            l.W -= lr * l.dW
            l.b -= lr * l.db
