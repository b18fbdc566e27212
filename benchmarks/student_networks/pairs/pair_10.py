import numpy as np

class Deep:
    def __init__(self, sizes):
        self.W = [np.random.randn(i, o) / np.sqrt(i) for i, o in zip(sizes, sizes[1:])]
        self.b = [np.zeros(o) for o in sizes[1:]]

    def forward(self, X):
        a = [X]
        for W, b in zip(self.W, self.b):
            a.append(np.tanh(a[-1] @ W + b))
        s = a[-2] @ self.W[-1] + self.b[-1]
        e = np.exp(s - s.max(1, keepdims=True))
        a[-1] = e / e.sum(1, keepdims=True)
        return a

    def step(self, X, T, lr):
        a = self.forward(X)
        d = (a[-1] - T) / T.size
        for i in reversed(range(len(self.W))):
            self.W[i] -= lr * a[i].T @ d
            self.b[i] -= lr * d.sum(0)
            d = (d @ self.W[i].T) * (1 - a[i] ** 2)
