import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

class Net:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * .5; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, c) * .5; self.b2 = np.zeros(c)

    def softmax(self, s):
        e = np.exp(s - s.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def scores(self, X):
        self.a = np.maximum(X @ self.W1 + self.b1, 0)
        return self.a @ self.W2 + self.b2

    def predict_proba(self, X):
        return self.softmax(self.scores(X))

    def loss(self, X, Y):
        return -np.mean(np.sum(Y * np.log(self.predict_proba(X) + 1e-12), axis=1))

    def gradient_step(self, X, Y, lr):
        s = self.scores(X)
        delta = (sigmoid(s) - Y) / len(X)
        back = delta @ self.W2.T * (self.a > 0)
        self.W2 -= lr * self.a.T @ delta
        self.b2 -= lr * delta.sum(axis=0)
        self.W1 -= lr * X.T @ back
        self.b1 -= lr * back.sum(axis=0)
