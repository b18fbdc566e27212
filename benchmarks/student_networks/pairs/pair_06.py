import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def prime(z):
    return sigmoid(z) * (1 - sigmoid(z))

class Network:
    def __init__(self, sizes):
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]
        self.weights = [np.random.randn(n, k) for k, n in zip(sizes, sizes[1:])]

    def feedforward(self, a):
        for w, b in zip(self.weights, self.biases):
            a = sigmoid(w @ a + b)
        return a

    def cost(self, data):
        return np.mean([0.5 * np.sum((self.feedforward(x) - y) ** 2) for x, y in data])

    def backprop(self, x, y):
        acts = [x]
        for w, b in zip(self.weights, self.biases):
            acts.append(sigmoid(w @ acts[-1] + b))
        delta = (acts[-1] - y) * prime(acts[-1])
        gw, gb = [delta @ acts[-2].T], [delta]
        for l in range(len(self.weights) - 1, 0, -1):
            delta = self.weights[l].T @ delta * prime(acts[l])
            gw.insert(0, delta @ acts[l - 1].T)
            gb.insert(0, delta)
        return gw, gb

    def update(self, batch, eta):
        total_w = [0 for w in self.weights]
        total_b = [0 for b in self.biases]
        for x, y in batch:
            gw, gb = self.backprop(x, y)
            total_w = [t + g for t, g in zip(total_w, gw)]
            total_b = [t + g for t, g in zip(total_b, gb)]
        self.weights = [w - eta * g for w, g in zip(self.weights, total_w)]
        self.biases = [b - eta * g for b, g in zip(self.biases, total_b)]
