import numpy as np


class DataLoader:
    def __init__(self, x, t, batch_size, shuffle=True):
        self.x, self.t = x, t
        self.batch_size = batch_size
        self.shuffle = shuffle

    def __iter__(self):
        idx = np.arange(len(self.x))
        if self.shuffle:
            np.random.shuffle(idx)
        for start in range(0, len(idx), self.batch_size):
            chosen = idx[start:start + self.batch_size]
            yield self.x[chosen], self.t[chosen]


class Momentum:
    def __init__(self, lr, gamma=0.9):
        self.lr = lr
        self.gamma = gamma
        self.v = {}

    def __call__(self, name, value, grad):
        if name not in self.v:
            self.v[name] = np.zeros_like(value)
        self.v[name] = self.gamma * self.v[name] + self.lr * grad
        return value - self.v[name]


class DigitClassifier:
    def __init__(self, n_pixels, n_units, n_digits):
        self.Wh = np.random.normal(0, n_pixels ** -0.5, (n_pixels, n_units))
        self.bh = np.zeros(n_units)
        self.Wy = np.random.normal(0, n_units ** -0.5, (n_units, n_digits))
        self.by = np.zeros(n_digits)
        self.losses = []

    def hidden(self, x):
        return 1 / (1 + np.exp(-(x.dot(self.Wh) + self.bh)))

    def scores(self, x):
        return self.hidden(x).dot(self.Wy) + self.by

    def proba(self, x):
        s = self.scores(x)
        s = np.exp(s - s.max(axis=1).reshape(-1, 1))
        return s / s.sum(axis=1).reshape(-1, 1)

    def backward(self, x, t, n):
        h = self.hidden(x)
        p = self.proba(x)
        self.losses.append(-np.log(p[np.arange(len(t)), t]).mean())
        p[np.arange(len(t)), t] -= 1
        err = p / n
        back = err.dot(self.Wy.T) * h * (1 - h)
        return {'Wh': x.T.dot(back), 'bh': back.sum(0), 'Wy': h.T.dot(err), 'by': err.sum(0)}

    def fit(self, x, t, n_epochs=5, batch_size=32, lr=0.1, momentum=0.9):
        optimizer = Momentum(lr, momentum)
        for epoch in range(n_epochs):
            for xb, tb in DataLoader(x, t, batch_size):
                for name, grad in self.backward(xb, tb, batch_size).items():
                    setattr(self, name, optimizer(name, getattr(self, name), grad))
        return self
