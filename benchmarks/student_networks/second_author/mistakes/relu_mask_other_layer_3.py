import numpy as np


class Net3:
    """784-h-h-h-10 network, everything preallocated"""

    def __init__(self, n, h, k):
        dims = [n, h, h, h, k]
        self.W = [np.random.randn(dims[i], dims[i + 1]) / np.sqrt(dims[i]) for i in range(4)]
        self.b = [np.zeros(dims[i + 1]) for i in range(4)]

    def fprop(self, x):
        self.a = [x]
        for i in range(4):
            z = self.a[i].dot(self.W[i])
            z += self.b[i]
            if i < 3:
                np.maximum(z, 0, out=z)
            self.a.append(z)
        out = self.a.pop()
        out -= out.max(axis=1, keepdims=True)
        np.exp(out, out=out)
        out /= out.sum(axis=1, keepdims=True)
        return out

    def bprop(self, p, y):
        p[np.arange(y.shape[0]), y] -= 1
        p /= y.shape[0]
        d = p
        gW, gb = [None] * 4, [None] * 4
        for i in (3, 2, 1, 0):
            gW[i] = self.a[i].T.dot(d)
            gb[i] = d.sum(axis=0)
            if i:
                d = d.dot(self.W[i].T)
                d[self.a[min(i + 1, 3)] == 0] = 0
        return gW, gb

    def train(self, x, y, lr=0.05, wd=0.01):
        p = self.fprop(x)
        gW, gb = self.bprop(p, y)
        for i in range(4):
            self.W[i] *= 1 - lr * wd
            self.W[i] -= lr * gW[i]
            self.b[i] -= lr * gb[i]
