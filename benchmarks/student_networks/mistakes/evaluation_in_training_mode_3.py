import numpy as np

class Fc:
    def __init__(self, i, o):
        self.w, self.b = np.random.randn(i, o) * .5, np.zeros(o)
    def __call__(self, x):
        self.x = x
        return x @ self.w + self.b
    def back(self, g):
        self.dw, self.db = self.x.T @ g, g.sum(0)
        return g @ self.w.T

class Drop:
    on = True
    def __call__(self, x):
        self.mask = (np.random.rand(*x.shape) < 0.7) / 0.7 if self.on else np.ones_like(x)
        return x * self.mask

class Net:
    def __init__(self, d, h, c):
        self.fc1, self.drop, self.fc2 = Fc(d, h), Drop(), Fc(h, c)
    def train(self):
        self.drop.on = True
    def eval(self):
        self.drop.on = False
    def forward(self, X):
        self.t = np.tanh(self.fc1(X))
        e = np.exp(self.fc2(self.drop(self.t)))
        return e / e.sum(1, keepdims=True)
    def step(self, X, T, lr):
        self.train()
        g = self.fc2.back((self.forward(X) - T) / len(X))
        self.fc1.back(g * self.drop.mask * (1 - self.t ** 2))
        for f in (self.fc1, self.fc2):
            f.w -= lr * f.dw
            f.b -= lr * f.db
    def predict_proba(self, X):
        self.train()
        return self.forward(X)
    def score(self, X, y):
        return np.mean(self.predict_proba(X).argmax(axis=1) == y)
