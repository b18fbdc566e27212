import numpy as np

class LeakyNet:
    def __init__(self, sizes, alpha=0.2):
        self.alpha = alpha
        self.W = [np.random.randn(o, i) * np.sqrt(2 / i) for i, o in zip(sizes, sizes[1:])]
        self.b = [np.zeros((o, 1)) for o in sizes[1:]]

    def forward(self, X):
        self.A, self.Z = [X], []
        for W, b in zip(self.W, self.b):
            Z = W @ self.A[-1] + b
            self.Z.append(Z)
            self.A.append(np.where(Z > 0, Z, self.alpha * Z))
        Z = self.Z[-1]
        E = np.exp(Z - Z.max(axis=0))
        return E / E.sum(axis=0)

    def train(self, X, Y, lr):
        dZ = (self.forward(X) - Y) / X.shape[1]
        grads = []
        for l in range(len(self.W) - 1, -1, -1):
            grads.append((dZ @ self.A[l].T, dZ.sum(axis=1, keepdims=True)))
            if l > 0:
                dZ = (self.W[l].T @ dZ) * (self.Z[l - 1] > 0)
        for l, (dW, db) in enumerate(grads[::-1]):
            self.W[l] -= lr * dW
            self.b[l] -= lr * db
