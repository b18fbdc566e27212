import numpy as np

class RegNet:
    def __init__(self, sizes, lam):
        self.lam = lam
        self.W = [np.random.randn(o, i) / np.sqrt(i) for i, o in zip(sizes, sizes[1:])]
        self.b = [np.zeros((o, 1)) for o in sizes[1:]]

    def forward(self, X):
        A = np.tanh(self.W[0] @ X + self.b[0])
        E = np.exp(self.W[1] @ A + self.b[1])
        return A, E / E.sum(axis=0)

    def cost(self, X, Y):
        penalty = sum(np.linalg.norm(W) ** 2 for W in self.W)
        return -np.sum(Y * np.log(self.forward(X)[1])) / X.shape[1] + self.lam * penalty

    def step(self, X, Y, lr):
        n = X.shape[1]
        A, P = self.forward(X)
        d2 = (P - Y) / n
        d1 = self.W[1].T @ d2 * (1 - A * A)
        for l, (d, a) in enumerate([(d1, X), (d2, A)]):
            dW = d @ a.T
            self.W[l] -= lr * (dW + self.lam * self.W[l])
            self.b[l] -= lr * d.sum(axis=1, keepdims=True)
