import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)


class Module:
    def parameters(self):
        out = []
        for v in self.__dict__.values():
            if isinstance(v, Parameter):
                out.append(v)
            elif isinstance(v, Module):
                out.extend(v.parameters())
            elif isinstance(v, (list, tuple)):
                for w in v:
                    if isinstance(w, Module):
                        out.extend(w.parameters())
        return out

    def zero_grad(self):
        for p in self.parameters():
            p.grad[...] = 0

    def __call__(self, *args):
        return self.forward(*args)


class Linear(Module):
    def __init__(self, in_features, out_features):
        bound = 1 / np.sqrt(in_features)
        self.weight = Parameter(np.random.uniform(-bound, bound, (out_features, in_features)))
        self.bias = Parameter(np.random.uniform(-bound, bound, out_features))

    def forward(self, x):
        self.x = x
        return x @ self.weight.data.T

    def backward(self, grad):
        self.weight.grad += grad.T @ self.x
        self.bias.grad += grad.sum(0)
        return grad @ self.weight.data


class ReLU(Module):
    def forward(self, x):
        self.mask = x > 0
        return np.where(self.mask, x, 0)

    def backward(self, grad):
        return np.where(self.mask, grad, 0)


class Sequential(Module):
    def __init__(self, *layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, grad):
        for layer in self.layers[::-1]:
            grad = layer.backward(grad)
        return grad


class CrossEntropyLoss(Module):
    def forward(self, logits, target):
        logits = logits - logits.max(-1, keepdims=True)
        self.logsm = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        self.target = target
        return -self.logsm[np.arange(len(target)), target].mean()

    def backward(self):
        g = np.exp(self.logsm)
        g[np.arange(len(self.target)), self.target] -= 1.0
        return g / len(self.target)


class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad


class Trainer:
    def __init__(self, sizes, lr=0.1):
        layers = []
        for a, b in zip(sizes, sizes[1:]):
            layers += [Linear(a, b), ReLU()]
        self.model = Sequential(*layers[:-1])
        self.criterion = CrossEntropyLoss()
        self.optimizer = SGD(self.model.parameters(), lr)

    def training_step(self, x, y):
        self.model.zero_grad()
        loss = self.criterion(self.model(x), y)
        self.model.backward(self.criterion.backward())
        self.optimizer.step()
        return loss
