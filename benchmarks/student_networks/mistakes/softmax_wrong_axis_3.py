import numpy as np

class FC:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out) / np.sqrt(n_in)
        self.bias = np.zeros((1, n_out))
    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias
    def backward(self, d, lr):
        prev = d @ self.weights.T
        self.weights -= lr * self.x.T @ d
        self.bias -= lr * d.sum(axis=0, keepdims=True)
        return prev

class Act:
    def forward(self, x):
        self.slope = np.where(x > 0, 1, 0.05)
        return x * self.slope
    def backward(self, d, lr):
        return d * self.slope

class SoftmaxOut:
    def forward(self, x):
        ex = np.exp(x - x.max())
        self.p = ex / ex.sum()
        return self.p
    def backward(self, y, lr):
        d = self.p.copy()
        d[np.arange(len(y)), y] -= 1
        return d / len(y)

class Net:
    def __init__(self, layers):
        self.layers = layers
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def fit(self, x, y, lr):
        self.forward(x)
        d = y
        for layer in reversed(self.layers):
            d = layer.backward(d, lr)
