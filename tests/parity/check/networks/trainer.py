"""A network that is trained by an object of another class, with a penalty; columns."""

import numpy as np


class Model:
    def __init__(self, n_in, n_hidden, n_out, decay=0.02):
        self.W1 = np.random.randn(n_hidden, n_in) * 0.4
        self.b1 = np.zeros((n_hidden, 1))
        self.W2 = np.random.randn(n_out, n_hidden) * 0.4
        self.b2 = np.zeros((n_out, 1))
        self.decay = decay

    def forward(self, X):
        self.hidden = np.tanh(self.W1 @ X + self.b1)
        scores = self.W2 @ self.hidden + self.b2
        e = np.exp(scores - scores.max(axis=0))
        return e / e.sum(axis=0)

    def loss(self, X, T):
        size = np.sum(self.W1**2) + np.sum(self.W2**2)
        return -np.sum(T * np.log(self.forward(X))) / X.shape[1] + 0.5 * self.decay * size

    def gradients(self, X, T):
        d = (self.forward(X) - T) / X.shape[1]
        dh = self.W2.T @ d * (1 - self.hidden**2)
        dW1, dW2 = dh @ X.T + self.decay * self.W1, d @ self.hidden.T + self.decay * self.W2
        return dW1, dh.sum(axis=1, keepdims=True), dW2, d.sum(axis=1, keepdims=True)


class Trainer:
    def __init__(self, model, lr=0.1):
        self.model, self.lr = model, lr

    def train(self, X, T):
        dW1, db1, dW2, db2 = self.model.gradients(X, T)
        self.model.W1 -= self.lr * dW1
        self.model.b1 -= self.lr * db1
        self.model.W2 -= self.lr * dW2
        self.model.b2 -= self.lr * db2
