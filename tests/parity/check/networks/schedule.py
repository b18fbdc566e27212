import numpy as np


class Net:
    def __init__(self, sizes):
        self.W = [np.random.randn(i, o) / np.sqrt(i) for i, o in zip(sizes, sizes[1:])]
        self.b = [np.zeros(o) for o in sizes[1:]]

    def forward(self, X):
        self.a = [X]
        for W, b in zip(self.W[:-1], self.b[:-1]):
            self.a.append(1 / (1 + np.exp(-(self.a[-1] @ W + b))))
        s = self.a[-1] @ self.W[-1] + self.b[-1]
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, p, Y):
        d, grads = (p - Y) / len(Y), []
        for l in reversed(range(len(self.W))):
            grads.append((self.a[l].T @ d, d.sum(axis=0)))
            d = d @ self.W[l].T * self.a[l] * (1 - self.a[l])
        return grads[::-1]

    def fit(self, X, Y, epochs=10, lr=0.1, batch_size=16, momentum=0.9):
        v = [(0.0, 0.0) for _ in self.W]
        for epoch in range(epochs):
            rate = lr / (1 + 0.5 * epoch)
            order = np.random.permutation(len(X))
            for i in range(0, len(X), batch_size):
                rows = order[i:i + batch_size]
                grads = self.backward(self.forward(X[rows]), Y[rows])
                for l, (dW, db) in enumerate(grads):
                    v[l] = momentum * v[l][0] + dW, momentum * v[l][1] + db
                    self.W[l] -= rate * v[l][0]
                    self.b[l] -= rate * v[l][1]
