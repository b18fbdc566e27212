import numpy as np

class NeuralNetwork:
    def __init__(self, inputs, hidden, outputs):
        self.W1 = np.random.randn(inputs, hidden) * 0.5
        self.b1 = np.zeros((1, hidden))
        self.W2 = np.random.randn(hidden, outputs) * 0.5
        self.b2 = np.zeros((1, outputs))

    def _run(self, X):
        # relu instead of sigmoid, learns faster
        a1 = np.maximum(0, X @ self.W1 + self.b1)
        z2 = a1 @ self.W2 + self.b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        return a1, e / e.sum(axis=1, keepdims=True)

    def predict_proba(self, X):
        return self._run(X)[1]

    def train(self, X, Y, lr):
        a1, a2 = self._run(X)
        d2 = (a2 - Y) / X.shape[0]
        d1 = (d2 @ self.W2.T) * a1 * (1 - a1)
        self.W2 -= lr * (a1.T @ d2)
        self.b2 -= lr * d2.sum(axis=0, keepdims=True)
        self.W1 -= lr * (X.T @ d1)
        self.b1 -= lr * d1.sum(axis=0, keepdims=True)
