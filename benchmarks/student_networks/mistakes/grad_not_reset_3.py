import numpy as np

class Var:
    def __init__(self, value, children=(), back=None):
        self.value, self.children, self.back = value, children, back
        self.grad = np.zeros_like(value)

def matmul(a, b):
    def back(g):
        a.grad += g @ b.value.T
        b.grad += a.value.T @ g
    return Var(a.value @ b.value, (a, b), back)

def add(a, b):
    def back(g):
        a.grad += g
        b.grad += g.sum(axis=0)
    return Var(a.value + b.value, (a, b), back)

def tanh(a):
    t = np.tanh(a.value)
    def back(g):
        a.grad += g * (1 - t * t)
    return Var(t, (a,), back)

def cross_entropy(a, y):
    p = np.exp(a.value - a.value.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    def back(g):
        d = p.copy()
        d[np.arange(len(y)), y] -= 1
        a.grad += d / len(y)
    return Var(np.array(-np.log(p[np.arange(len(y)), y]).mean()), (a,), back)

def params(d, h, c):
    return [Var(np.random.randn(d, h)), Var(np.zeros(h)), Var(np.random.randn(h, c)), Var(np.zeros(c))]

def forward(ps, X):
    return add(matmul(tanh(add(matmul(Var(X), ps[0]), ps[1])), ps[2]), ps[3])

def step(ps, X, y, lr):
    loss = cross_entropy(forward(ps, X), y)
    node = loss
    while node.back:
        node.back(node.grad)
        node = node.children[0]
    for p in ps:
        p.value -= lr * p.grad
    return float(loss.value)
