import numpy as np


class DropoutNet:
    def __init__(self, n_in, n_hidden, n_out, p_drop=0.5):
        self.W1 = np.random.randn(n_in, n_hidden) / np.sqrt(n_in)
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.random.randn(n_hidden, n_out) / np.sqrt(n_hidden)
        self.b2 = np.zeros(n_out)
        self.keep = 1 - p_drop

    def forward(self, X, training=True):
        self.X = X
        self.h = np.maximum(X.dot(self.W1) + self.b1, 0)
        if training:
            self.mask = (np.random.rand(*self.h.shape) < self.keep) / self.keep
            self.h_drop = self.h * self.mask
        else:
            self.h_drop = self.h
        logits = self.h_drop.dot(self.W2) + self.b2
        logits -= logits.max(axis=1, keepdims=True)
        expd = np.exp(logits)
        self.probs = expd / expd.sum(axis=1, keepdims=True)
        return self.probs

    def backward(self, y):
        n = len(y)
        dlogits = self.probs.copy()
        dlogits[np.arange(n), y] -= 1
        dlogits /= n
        self.dW2 = self.h_drop.T.dot(dlogits)
        self.db2 = dlogits.sum(axis=0)
        dh = dlogits.dot(self.W2.T) * self.mask
        dh[self.h <= 0] = 0
        self.dW1 = self.X.T.dot(dh)
        self.db1 = dh.sum(axis=0)

    def train_batch(self, X, y, lr):
        self.forward(X)
        self.backward(y)
        for p in ("W1", "b1", "W2", "b2"):
            setattr(self, p, getattr(self, p) - lr * getattr(self, "d" + p))

    def predict(self, X):
        return self.forward(X, training=False).argmax(axis=1)
