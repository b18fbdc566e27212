import numpy as np

class Lin:
    def __init__(self, a, b):
        self.w = np.random.randn(a, b); self.b = np.zeros((1, b))
    def forward(self, x):
        self.x = x; return x @ self.w + self.b
    def backward(self, g, lr):
        gx = g @ self.w.T
        self.w -= lr * self.x.T @ g; self.b -= lr * g.sum(0, keepdims=True)
        return gx

class Sig:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x)); return self.y
    def backward(self, g, lr):
        return g * self.y * (1 - self.y)

class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(1, keepdims=True)); self.y = e / e.sum(1, keepdims=True); return self.y
    def backward(self, g, lr):
        out = np.empty_like(g)
        for n in range(len(g)):
            J = np.diag(self.y[n]) - np.outer(self.y[n], self.y[n])
            out[n] = J @ g[n]
        return out

def loss(p, t):
    return -np.sum(t * np.log(p)) / len(t)

def loss_prime(p, t):
    return 2 * (p - t) / len(t)

def net(d, h, c):
    return [Lin(d, h), Sig(), Lin(h, c), Softmax()]

def run(layers, x):
    for l in layers:
        x = l.forward(x)
    return x

def fit_batch(layers, x, t, lr):
    p = run(layers, x)
    g = loss_prime(p, t)
    for l in reversed(layers):
        g = l.backward(g, lr)
    return loss(p, t)
