import numpy as np


class Module:
    training = True

    def train(self, flag=True):
        self.training = flag
        for child in getattr(self, "children", []):
            child.train(flag)
        return self

    def eval(self):
        return self.train(False)


class Dense(Module):
    def __init__(self, fan_in, fan_out):
        self.p = {"W": np.random.randn(fan_in, fan_out) * np.sqrt(2 / fan_in), "b": np.zeros(fan_out)}

    def forward(self, x):
        if not hasattr(self, "x") or self.x.shape != x.shape:
            self.x = x
        return x @ self.p["W"] + self.p["b"]

    def backward(self, dy):
        self.g = {"W": self.x.T @ dy, "b": dy.sum(axis=0)}
        return dy @ self.p["W"].T


class BatchNorm(Module):
    def __init__(self, dim, eps=1e-5, momentum=0.1):
        self.p = {"gamma": np.ones(dim), "beta": np.zeros(dim)}
        self.running_mean, self.running_var = np.zeros(dim), np.ones(dim)
        self.eps, self.momentum = eps, momentum

    def forward(self, x):
        if not self.training:
            xn = (x - self.running_mean) / np.sqrt(self.running_var + self.eps)
            return self.p["gamma"] * xn + self.p["beta"]
        n = x.shape[0]
        self.xc = x - x.mean(0)
        self.var = np.mean(self.xc ** 2, axis=0)
        self.istd = 1 / np.sqrt(self.var + self.eps)
        self.xn = self.xc * self.istd
        self.running_mean += self.momentum * (x.mean(0) - self.running_mean)
        self.running_var += self.momentum * (self.var * n / (n - 1) - self.running_var)
        return self.p["gamma"] * self.xn + self.p["beta"]

    def backward(self, dy):
        n = dy.shape[0]
        self.g = {"gamma": (dy * self.xn).sum(0), "beta": dy.sum(0)}
        dxn = dy * self.p["gamma"]
        dvar = np.sum(dxn * self.xc, axis=0) * -0.5 * self.istd ** 3
        dmean = np.sum(-dxn * self.istd, axis=0)
        return dxn * self.istd + dvar * 2 * self.xc / n + dmean / n


class Tanh(Module):
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y * self.y)


class Net(Module):
    def __init__(self, d, h, c):
        self.children = [Dense(d, h), BatchNorm(h), Tanh(), Dense(h, h), BatchNorm(h), Tanh(), Dense(h, c)]

    def forward(self, x):
        for child in self.children:
            x = child.forward(x)
        return x

    def fit_batch(self, x, y, lr):
        self.train()
        z = self.forward(x)
        q = np.exp(z - z.max(1, keepdims=True))
        q /= q.sum(1, keepdims=True)
        loss = -np.log(q[range(len(y)), y]).mean()
        q[range(len(y)), y] -= 1
        g = q / len(y)
        for child in reversed(self.children):
            g = child.backward(g)
        for child in self.children:
            for k in getattr(child, "p", {}):
                child.p[k] -= lr * child.g[k]
        return loss

    def evaluate(self, x):
        self.eval()
        return self.forward(x)
