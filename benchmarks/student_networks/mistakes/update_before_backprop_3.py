import numpy as np

class DeepNN:
    def __init__(self, sizes):
        self.W = [np.random.randn(o, i) for i, o in zip(sizes, sizes[1:])]
        self.b = [np.zeros((o, 1)) for o in sizes[1:]]

    def feed(self, X):
        a = [X]
        for l in range(len(self.W)):
            z = self.W[l] @ a[-1] + self.b[l]
            a.append(1 / (1 + np.exp(-z)))
        e = np.exp(z - z.max(axis=0))
        a[-1] = e / e.sum(axis=0)
        return a

    def backprop(self, X, Y, lr):
        a = self.feed(X)
        delta = (a[-1] - Y) / X.shape[1]
        for l in reversed(range(len(self.W))):
            self.W[l] -= lr * delta @ a[l].T
            self.b[l] -= lr * delta.sum(axis=1, keepdims=True)
            delta = self.W[l].T @ delta * a[l] * (1 - a[l])
