import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)

    def forward(self, X):
        h = np.maximum(X @ self.W1 + self.b1, 0)
        e = np.exp(h @ self.W2 + self.b2)
        return h, e / e.sum(1, keepdims=True)

    def step(self, X, y, lr):
        h, d = self.forward(X)
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        dh = d @ self.W2.T * (h > 0)
        self.W2 -= lr * h.T @ d; self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh; self.b1 -= lr * dh.sum(0)

    def fit(self, X, y, epochs=10, batch_size=32, lr=0.1, decay=0.95):
        for epoch in range(epochs):
            lr *= decay
            for i in range(0, len(X), batch_size):
                self.step(X[i:i + batch_size], y[i:i + batch_size], lr)
