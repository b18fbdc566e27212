from math import exp, log
from random import random, seed
import numpy as np


class Neuron:
    def __init__(self, n_weights):
        self.w = np.random.uniform(-1, 1, n_weights)
        self.b = 0.0
        self.dw = np.zeros(n_weights)
        self.db = 0.0


class MLP:
    def __init__(self, n_inputs, n_hidden, n_outputs):
        self.hidden = [Neuron(n_inputs) for _ in range(n_hidden)]
        self.out = [Neuron(n_hidden) for _ in range(n_outputs)]

    def forward(self, x):
        self.x = x
        self.h = []
        for neuron in self.hidden:
            s = neuron.b
            for w, xi in zip(neuron.w, x):
                s += w * xi
            self.h.append(1.0 / (1.0 + exp(-s)))
        scores = []
        for neuron in self.out:
            s = neuron.b
            for w, hi in zip(neuron.w, self.h):
                s += w * hi
            scores.append(s)
        total = sum(exp(s) for s in scores)
        self.p = [exp(s) / total for s in scores]
        return self.p

    def backward(self, label):
        dh = [0.0] * len(self.hidden)
        for k, neuron in enumerate(self.out):
            err = self.p[k] - (1.0 if k == label else 0.0)
            for j in range(len(self.h)):
                neuron.dw[j] += err * self.h[j]
                dh[j] += err * neuron.w[j]
            neuron.db += err
        for j, neuron in enumerate(self.hidden):
            err = dh[j] * self.h[j] * (1.0 - self.h[j])
            for i in range(len(self.x)):
                neuron.dw[i] += err * self.x[i]
            neuron.db += err

    def train_batch(self, batch_x, batch_y, lrate):
        loss = 0.0
        for x, label in zip(batch_x, batch_y):
            p = self.forward(x)
            loss -= log(p[label])
            self.backward(label)
        n = len(batch_x)
        for neuron in self.hidden + self.out:
            neuron.w -= lrate * neuron.dw / n
            neuron.b -= lrate * neuron.db / n
            neuron.dw[:] = 0.0
            neuron.db = 0.0
        return loss / n
