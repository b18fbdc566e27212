import numpy as np

class Model:
    def __init__(self, d, h, c):
        self.p = [np.random.randn(d, h) * .5, np.zeros(h), np.random.randn(h, c) * .5, np.zeros(c)]
        self.m1 = [np.zeros_like(q) for q in self.p]
        self.m2 = [np.zeros_like(q) for q in self.p]

    def forward(self, X):
        self.t = np.tanh(X @ self.p[0] + self.p[1])
        e = np.exp(self.t @ self.p[2] + self.p[3])
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, X, Y):
        d = (self.forward(X) - Y) / len(X)
        dt = d @ self.p[2].T * (1 - self.t ** 2)
        return [X.T @ dt, dt.sum(0), self.t.T @ d, d.sum(0)]

    def adam(self, grads, t, lr=0.01, b1=0.9, b2=0.999):
        for i, g in enumerate(grads):
            self.m1[i] += (1 - b1) * (g - self.m1[i])
            self.m2[i] += (1 - b2) * (g * g - self.m2[i])
            lr_t = lr / (1 - b1 ** t)
            self.p[i] -= lr_t * self.m1[i] / (np.sqrt(self.m2[i] / (1 - b2 ** t)) + 1e-8)

    def fit(self, X, Y, iterations=100):
        for it in range(iterations):
            self.adam(self.backward(X, Y), max(it, 1))
