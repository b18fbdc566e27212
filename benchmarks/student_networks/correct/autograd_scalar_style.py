import numpy as np


class Tensor:
    def __init__(self, data, parents=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self._backward = lambda: None
        self._parents = parents

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))
        def back():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out._backward = back
        return out

    def __add__(self, row):
        out = Tensor(self.data + row.data, (self, row))
        def back():
            self.grad += out.grad
            row.grad += out.grad.sum(axis=0)
        out._backward = back
        return out

    def tanh(self):
        out = Tensor(np.tanh(self.data), (self,))
        def back():
            self.grad += out.grad * (1 - out.data ** 2)
        out._backward = back
        return out

    def cross_entropy(self, y):
        s = self.data - self.data.max(1, keepdims=True)
        logp = s - np.log(np.exp(s).sum(1, keepdims=True))
        rows = np.arange(len(y))
        out = Tensor(-logp[rows, y].mean(), (self,))
        def back():
            d = np.exp(logp)
            d[rows, y] -= 1
            self.grad += out.grad * d / len(y)
        out._backward = back
        return out

    def backward(self):
        order, seen = [], set()
        def visit(t):
            if id(t) not in seen:
                seen.add(id(t))
                for p in t._parents:
                    visit(p)
                order.append(t)
        visit(self)
        self.grad = np.ones_like(self.data)
        for t in reversed(order):
            t._backward()


def make_net(d, h, c):
    return [Tensor(np.random.randn(d, h) * 0.5), Tensor(np.zeros(h)), Tensor(np.random.randn(h, c) * 0.5), Tensor(np.zeros(c))]


def logits(net, X):
    w1, b1, w2, b2 = net
    return (Tensor(X) @ w1 + b1).tanh() @ w2 + b2


def predict(net, X):
    return logits(net, X).data


def sgd_step(net, X, y, lr):
    for p in net:
        p.grad = np.zeros_like(p.data)
    loss = logits(net, X).cross_entropy(y)
    loss.backward()
    for p in net:
        p.data -= lr * p.grad
    return float(loss.data)
