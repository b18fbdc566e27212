import numpy as np


class DeepNet:
    def __init__(self, sizes):
        self.weights = [np.random.randn(o, i) / np.sqrt(i) for i, o in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros((o, 1)) for o in sizes[1:]]

    def activations(self, x):
        out = [x]
        for w, b in list(zip(self.weights, self.biases))[:-1]:
            out.append(np.tanh(w @ out[-1] + b))
        z = self.weights[-1] @ out[-1] + self.biases[-1]
        z = np.exp(z - z.max(axis=0))
        out.append(z / z.sum(axis=0))
        return out

    def learn(self, x, t, eta):
        a = self.activations(x)
        m = x.shape[1]
        delta = (a[-1] - t) / m
        updates = []
        for l in range(len(self.weights) - 1, -1, -1):
            updates.append((l, delta @ a[l].T, delta.mean(axis=1, keepdims=True)))
            delta = (self.weights[l].T @ delta) * (1 - a[l] ** 2)
        for l, dw, db in updates:
            self.weights[l] -= eta * dw
            self.biases[l] -= eta * db
