import numpy as np

def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)

    def forward(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        return softmax(self.h @ self.W2 + self.b2)

    def loss(self, out, y):
        p = softmax(out)
        return -np.log(p[np.arange(len(y)), y]).mean()

    def loss_and_update(self, X, y, lr):
        p = softmax(self.forward(X))
        d = p.copy()
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (self.h > 0)
        self.W2 -= lr * self.h.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh; self.b1 -= lr * dh.sum(0)
