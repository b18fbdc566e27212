import numpy as np

def relu_prime(v):
    d = np.zeros_like(v)
    d[v > 0] = 1
    return d

class DNN:
    def __init__(self, dims):
        self.W = [np.random.randn(n, m) * np.sqrt(2.0 / m) for m, n in zip(dims, dims[1:])]
        self.B = [np.full((n, 1), 0.01) for n in dims[1:]]

    def proba(self, x):
        self.a, self.z = [x], []
        for W, B in zip(self.W, self.B):
            self.z.append(W.dot(self.a[-1]) + B)
            self.a.append(self.z[-1].clip(0))
        e = np.exp(self.z[-1] - self.z[-1].max(0))
        return e / e.sum(0)

    def fit_batch(self, x, y, eta):
        delta = self.proba(x)
        m = len(y)
        delta[y, range(m)] -= 1
        delta /= m
        steps = []
        for i in reversed(range(len(self.W))):
            steps.append((delta.dot(self.a[i].T), delta.sum(1, keepdims=True)))
            if i == 0:
                break
            delta = self.W[i].T.dot(delta)
            delta = delta * relu_prime(delta)
        for i, (dw, db) in enumerate(reversed(steps)):
            self.W[i] -= eta * dw
            self.B[i] -= eta * db
