import numpy as np

def logistic(z):
    return 1 / (1 + np.exp(-z))

def logistic_grad(z):
    return logistic(z) * (1 - logistic(z))

class Net:
    def __init__(self, units, f, fgrad):
        self.f, self.fgrad = f, fgrad
        self.W = [np.random.randn(i, j) for i, j in zip(units[:-1], units[1:])]
        self.b = [np.zeros(j) for j in units[1:]]

    def _forward(self, X):
        a, z = [X], []
        for W, b in zip(self.W, self.b):
            z.append(a[-1] @ W + b)
            a.append(self.f(z[-1]))
        p = np.exp(z[-1] - z[-1].max(1)[:, None])
        a[-1] = p / p.sum(1)[:, None]
        return a, z

    def predict_proba(self, X):
        return self._forward(X)[0][-1]

    def sgd(self, X, y, lr):
        a, z = self._forward(X)
        d = a[-1].copy()
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        for l in range(len(self.W) - 1, -1, -1):
            dW, db = a[l].T @ d, d.sum(0)
            if l:
                d = d @ self.W[l].T * self.fgrad(a[l])
            self.W[l] -= lr * dW
            self.b[l] -= lr * db
