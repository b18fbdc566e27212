import numpy as np

class Network:
    def __init__(self, sizes):
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]
        self.weights = [np.random.randn(n, m) / np.sqrt(m) for m, n in zip(sizes, sizes[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = 1 / (1 + np.exp(-(w @ a + b)))
        return a

    def SGD(self, data, epochs, size, eta):
        for j in range(epochs):
            for k in range(0, len(data), size):
                self.update_mini_batch(data[k:k + size], eta / size)

    def update_mini_batch(self, batch, rate):
        gw = [0 * w for w in self.weights]
        gb = [0 * b for b in self.biases]
        for x, y in batch:
            acts = [x]
            for b, w in zip(self.biases, self.weights):
                acts.append(1 / (1 + np.exp(-(w @ acts[-1] + b))))
            delta = acts[-1] - y
            for l in range(len(self.weights) - 1, -1, -1):
                gw[l] = gw[l] + delta @ acts[l].T
                gb[l] = gb[l] + delta
                delta = self.weights[l].T @ delta * acts[l] * (1 - acts[l])
        self.weights = [w - rate * g for w, g in zip(self.weights, gw)]
        self.biases = [b - rate * g for b, g in zip(self.biases, gb)]
