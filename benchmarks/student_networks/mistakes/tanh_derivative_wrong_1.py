import numpy as np

class TanhNet:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) / np.sqrt(d)
        self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) / np.sqrt(h)
        self.b2 = np.zeros(c)

    def forward(self, X):
        self.a1 = np.tanh(np.dot(X, self.W1) + self.b1)
        z = np.dot(self.a1, self.W2) + self.b2
        e = np.exp(z - np.max(z, axis=1, keepdims=True))
        return e / np.sum(e, axis=1, keepdims=True)

    def train_one(self, X, Y, eps):
        delta3 = (self.forward(X) - Y) / len(X)
        dW2 = np.dot(self.a1.T, delta3)
        delta2 = np.dot(delta3, self.W2.T) * (1 - self.a1)
        dW1 = np.dot(X.T, delta2)
        self.W1 += -eps * dW1
        self.b1 += -eps * np.sum(delta2, axis=0)
        self.W2 += -eps * dW2
        self.b2 += -eps * np.sum(delta3, axis=0)
