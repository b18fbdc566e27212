import numpy as np

class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(h, d) * .5, np.zeros((h, 1))
        self.W2, self.b2 = np.random.randn(c, h) * .5, np.zeros((c, 1))

    def forward(self, X):
        self.A = np.tanh(self.W1 @ X + self.b1)
        E = np.exp(self.W2 @ self.A + self.b2)
        return E / E.sum(axis=0)

    def train(self, X, y, epochs, size, lr=0.2):
        # np.split wants equal parts
        n = X.shape[1] // size * size
        for epoch in range(epochs):
            for cut in np.array_split(np.arange(n), np.arange(size, n, size)):
                D = self.forward(X[:, cut])
                D[y[cut], np.arange(len(cut))] -= 1
                D /= len(cut)
                G = self.W2.T @ D * (1 - self.A ** 2)
                self.W2 -= lr * D @ self.A.T
                self.b2 -= lr * D.sum(axis=1, keepdims=True)
                self.W1 -= lr * G @ X[:, cut].T
                self.b1 -= lr * G.sum(axis=1, keepdims=True)
