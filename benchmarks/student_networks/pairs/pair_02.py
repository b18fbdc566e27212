import numpy as np

class NN:
    def __init__(self, n_in, n_h, n_out):
        self.W1 = np.random.randn(n_in, n_h) * 0.5
        self.b1 = np.zeros((1, n_h))
        self.W2 = np.random.randn(n_h, n_out) * 0.5
        self.b2 = np.zeros((1, n_out))

    def forward(self, X):
        self.z1 = np.dot(X, self.W1) + self.b1
        self.a1 = np.maximum(self.z1, 0)
        self.z2 = np.dot(self.a1, self.W2) + self.b2
        e = np.exp(self.z2 - self.z2.max(axis=1, keepdims=True))
        self.a2 = e / e.sum(axis=1, keepdims=True)
        return self.a2

    def loss(self, Y):
        return np.mean(-np.sum(Y * np.log(self.a2), axis=1))

    def backward(self, X, Y):
        dz2 = self.a2 - Y
        self.dW2 = np.dot(self.a1.T, dz2)
        self.db2 = np.sum(dz2, axis=0, keepdims=True)
        dz1 = np.dot(dz2, self.W2.T)
        self.dW1 = np.dot(X.T, dz1)
        self.db1 = np.sum(dz1, axis=0, keepdims=True)

    def step(self, lr):
        for n in ("W1", "b1", "W2", "b2"):
            setattr(self, n, getattr(self, n) - lr * getattr(self, "d" + n))
