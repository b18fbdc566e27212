import numpy as np

class Fc:
    def __init__(self, i, o):
        self.w, self.b = np.random.randn(i, o) * .5, np.zeros(o)
    def forward(self, x, train):
        self.x = x
        return x @ self.w + self.b
    def backward(self, g):
        self.dw, self.db = self.x.T @ g, g.sum(0)
        return np.dot(g, self.w.T)

class Tanh:
    def forward(self, x, train):
        self.t = np.tanh(x)
        return self.t
    def backward(self, g):
        return (1 - self.t ** 2) * g

class Dropout:
    # no parameters, nothing to learn here
    def forward(self, x, train):
        self.keep_mask = (np.random.rand(*x.shape) < 0.75) / 0.75 if train else np.ones(x.shape)
        return x * self.keep_mask
    def backward(self, g):
        return g

class Net:
    def __init__(self, d, h, c):
        self.l = [Fc(d, h), Tanh(), Dropout(), Fc(h, c)]
    def __call__(self, x, train=True):
        for q in self.l:
            x = q.forward(x, train)
        return x
    def train(self, x, y, lr):
        s = self(x)
        g = np.exp(s - s.max(1, keepdims=True)); g /= g.sum(1, keepdims=True)
        g[np.arange(len(y)), y] -= 1
        g /= len(y)
        for q in self.l[::-1]:
            g = q.backward(g)
        for q in (self.l[0], self.l[3]):
            q.w -= lr * q.dw
            q.b -= lr * q.db
