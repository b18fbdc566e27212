import numpy as np

class Net:
    def __init__(self, n_in, n_h, n_out):
        self.W1 = np.random.randn(n_in, n_h) * np.sqrt(2 / n_in)
        self.b1 = np.zeros(n_h)
        self.W2 = np.random.randn(n_h, n_out) * np.sqrt(2 / n_h)
        self.b2 = np.zeros(n_out)

    def forward(self, X):
        self.X = X
        self.a1 = np.maximum(X.dot(self.W1) + self.b1, 0)
        z2 = self.a1.dot(self.W2) + self.b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def train(self, X, T, lr=0.1):
        self.forward(X)
        dz2 = (self.y - T) / len(T)
        dz1 = dz2.dot(self.W2.T)
        grads = [X.T.dot(dz1), dz1.sum(0), self.a1.T.dot(dz2), dz2.sum(0)]
        for p, g in zip([self.W1, self.b1, self.W2, self.b2], grads):
            p -= lr * g
