import numpy as np

class Optimizer_SGD:
    def __init__(self, learning_rate=1., decay=0.):
        self.lr = learning_rate
        self.decay = decay
        self.iterations = 0

    def update(self, layers):
        self.iterations += 1
        self.current = self.lr / (1 + self.decay * self.iterations)
        for layer in layers:
            layer.weights += -self.current * layer.dweights
            layer.biases += -self.current * layer.dbiases

class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.3 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.weights + self.biases
    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        return dvalues @ self.weights.T

class Net:
    def __init__(self, d, h, c):
        self.d1, self.d2 = Layer_Dense(d, h), Layer_Dense(h, c)
        self.optimizer = Optimizer_SGD(0.5, decay=0.5)
    def forward(self, X):
        self.relu = np.maximum(0, self.d1.forward(X))
        return self.d2.forward(self.relu)
    def train_step(self, X, y):
        out = self.forward(X)
        p = np.exp(out - out.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[range(len(y)), y] -= 1
        g = self.d2.backward(p / len(y))
        g[self.relu <= 0] = 0
        self.d1.backward(g)
        self.optimizer.update([self.d1, self.d2])
