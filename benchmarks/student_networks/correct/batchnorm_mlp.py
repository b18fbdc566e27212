import numpy as np


class BNNet:
    eps = 1e-5
    momentum = 0.1

    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * np.sqrt(2 / d)   # no bias, batch norm removes it anyway
        self.gamma = np.ones(h)
        self.beta = np.zeros(h)
        self.W2 = np.random.randn(h, c) * np.sqrt(2 / h)
        self.b2 = np.zeros(c)
        self.run_mean = np.zeros(h)
        self.run_var = np.ones(h)

    def _forward(self, X, train):
        u = X @ self.W1
        if train:
            mu, var = u.mean(0), u.var(0)
            n = len(X)
            self.run_mean = (1 - self.momentum) * self.run_mean + self.momentum * mu
            self.run_var = (1 - self.momentum) * self.run_var + self.momentum * var * n / (n - 1)
        else:
            mu, var = self.run_mean, self.run_var
        inv = 1 / np.sqrt(var + self.eps)
        xhat = (u - mu) * inv
        a = self.gamma * xhat + self.beta
        h = np.maximum(a, 0)
        o = h @ self.W2 + self.b2
        e = np.exp(o - o.max(1)[:, None])
        return e / e.sum(1)[:, None], (X, inv, xhat, h)

    def train_step(self, X, y, lr):
        p, (X, inv, xhat, h) = self._forward(X, True)
        n = len(y)
        loss = -np.log(p[range(n), y]).mean()
        p[range(n), y] -= 1
        p /= n
        dW2, db2 = h.T @ p, p.sum(0)
        da = p @ self.W2.T
        da[h <= 0] = 0
        dgamma = (da * xhat).sum(0)
        dbeta = da.sum(0)
        du = self.gamma * inv / n * (n * da - dbeta - xhat * dgamma)
        dW1 = X.T @ du
        self.W1 -= lr * dW1
        self.gamma -= lr * dgamma
        self.beta -= lr * dbeta
        self.W2 -= lr * dW2
        self.b2 -= lr * db2
        return loss

    def predict_proba(self, X):
        return self._forward(X, False)[0]
