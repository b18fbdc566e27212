import numpy as np

class MLP:
    def __init__(self, i, h, o):
        self.W1 = np.random.uniform(-.5, .5, (i, h))
        self.b1 = np.zeros(h)
        self.W2 = np.random.uniform(-.5, .5, (h, o))
        self.b2 = np.zeros(o)

    def forward(self, X):
        self.H = np.maximum(X @ self.W1 + self.b1, 0)
        L = self.H @ self.W2 + self.b2
        E = np.exp(L - L.max(axis=1, keepdims=True))
        self.out = E / E.sum(axis=1, keepdims=True)
        return self.out

    def backward(self, X, T):
        D = (self.out - T) / X.shape[0]
        self.grad_W2 = self.H.T @ D
        self.grad_b2 = D.sum(axis=0)
        D = D @ self.W2.T * (self.H > 0)
        self.grad_W1 = X.T @ D
        self.grad_b1 = D.sum(axis=0)

    def update(self, lr):
        self.W2 -= lr * self.grad_W2
        self.b2 -= lr * self.grad_b2
        self.b1 -= lr * self.grad_b1
