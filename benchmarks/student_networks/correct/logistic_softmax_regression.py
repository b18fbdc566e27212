import numpy as np


class SoftmaxRegression:
    """Multinomial logistic regression with batch gradient descent"""

    def __init__(self, n_classes, lr=0.1):
        self.n_classes = n_classes
        self.lr = lr
        self.theta = None

    def fit(self, X, y, n_iter=1000):
        n, d = X.shape
        if self.theta is None:
            self.theta = np.random.randn(d, self.n_classes) * 0.01
            self.bias = np.zeros(self.n_classes)
        Y = (y[:, None] == np.arange(self.n_classes)).astype(float)
        for _ in range(n_iter):
            err = Y - self.predict_proba(X)          # note: target minus output ...
            self.theta += self.lr * X.T @ err / n    # ... hence plus
            self.bias += self.lr * err.mean(axis=0)
        return self

    def predict_proba(self, X):
        z = X @ self.theta + self.bias
        z = z - z.max(axis=1, keepdims=True)
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)
