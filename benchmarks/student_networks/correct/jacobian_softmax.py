import numpy as np

class Dense:
    def __init__(self, i, o):
        self.W = np.random.randn(i, o) * np.sqrt(2. / i)
        self.b = np.zeros((1, o))
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, grad_out, lr):
        grad_in = grad_out @ self.W.T
        self.W -= lr * self.x.T @ grad_out
        self.b -= lr * grad_out.sum(axis=0, keepdims=True)
        return grad_in

class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask
    def backward(self, grad_out, lr):
        return grad_out * self.mask

class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.out = e / e.sum(axis=1, keepdims=True)
        return self.out
    def backward(self, grad_out, lr):
        result = np.empty_like(grad_out)
        for i, (s, g) in enumerate(zip(self.out, grad_out)):
            s = s.reshape(-1, 1)
            jac = np.diagflat(s) - s @ s.T
            result[i] = jac @ g
        return result

def build(d, h, c):
    return [Dense(d, h), ReLU(), Dense(h, c), Softmax()]

def forward(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x

def cross_entropy(p, t):
    return -np.mean(np.sum(t * np.log(p + 1e-15), axis=1))

def cross_entropy_prime(p, t):
    return -(t / p) / t.shape[0]

def train_on_batch(layers, x, t, lr):
    p = forward(layers, x)
    grad = cross_entropy_prime(p, t)
    for layer in reversed(layers):
        grad = layer.backward(grad, lr)
    return cross_entropy(p, t)
