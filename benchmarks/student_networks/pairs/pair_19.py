import numpy as np

class Linear:
    def __init__(self, i, o):
        self.weight = np.random.randn(o, i) / np.sqrt(i)
        self.bias = np.zeros(o)
        self.__init_grad__()
    def __init_grad__(self):
        self.dweight, self.dbias = np.zeros_like(self.weight), np.zeros_like(self.bias)
    def __call__(self, x):
        self.x = x
        return x @ self.weight.T + self.bias
    def backward(self, g):
        self.dweight += g.T @ self.x
        self.dbias += g.sum(0)
        return g @ self.weight

class Net:
    def __init__(self, d, h, c):
        self.fc1, self.fc2 = Linear(d, h), Linear(h, c)
    def __call__(self, x):
        self.h = np.maximum(self.fc1(x), 0)
        return self.fc2(self.h)
    def train_step(self, x, y, lr):
        s = self(x)
        p = np.exp(s - s.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[range(len(y)), y] -= 1
        g = self.fc2.backward(p / len(y))
        self.fc1.backward(g * self.h * (1 - self.h))
        for f in (self.fc1, self.fc2):
            f.weight -= lr * f.dweight
            f.bias -= lr * f.dbias
