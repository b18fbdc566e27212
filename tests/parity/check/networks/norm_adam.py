"""Batch norm and Adam in one class whose settings have names of their own."""

import numpy as np


class Network:
    def __init__(self, n_in, n_hidden, n_out, lr=0.01, norm_eps=1e-4, adam_eps=1e-5):
        self.theta = {
            "w1": np.random.randn(n_in, n_hidden) * 0.4,
            "b1": np.zeros(n_hidden),
            "gamma": np.ones(n_hidden),
            "beta": np.zeros(n_hidden),
            "w2": np.random.randn(n_hidden, n_out) * 0.4,
            "b2": np.zeros(n_out),
        }
        self.first = {k: np.zeros_like(t) for k, t in self.theta.items()}
        self.second = {k: np.zeros_like(t) for k, t in self.theta.items()}
        self.steps, self.lr, self.norm_eps, self.adam_eps = 0, lr, norm_eps, adam_eps
        self.running_mean, self.running_var = np.zeros(n_hidden), np.ones(n_hidden)

    def forward(self, X, training=True):
        z = X @ self.theta["w1"] + self.theta["b1"]
        mean, var = (z.mean(0), z.var(0)) if training else (self.running_mean, self.running_var)
        if training:
            self.running_mean += 0.1 * (mean - self.running_mean)
            self.running_var += 0.1 * (z.var(0, ddof=1) - self.running_var)
        self.std = np.sqrt(var + self.norm_eps)
        self.normal = (z - mean) / self.std
        self.hidden = np.tanh(self.theta["gamma"] * self.normal + self.theta["beta"])
        s = self.hidden @ self.theta["w2"] + self.theta["b2"]
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def train_batch(self, X, onehot):
        d = (self.forward(X) - onehot) / len(X)
        dh = d @ self.theta["w2"].T * (1 - self.hidden**2)
        dn = dh * self.theta["gamma"]
        dz = (dn - dn.mean(0) - self.normal * (dn * self.normal).mean(0)) / self.std
        grads = {
            "w1": X.T @ dz,
            "b1": dz.sum(0),
            "gamma": (dh * self.normal).sum(0),
            "beta": dh.sum(0),
            "w2": self.hidden.T @ d,
            "b2": d.sum(0),
        }
        self.steps += 1
        for k, g in grads.items():
            self.first[k] = 0.9 * self.first[k] + 0.1 * g
            self.second[k] = 0.999 * self.second[k] + 0.001 * g**2
            m = self.first[k] / (1 - 0.9**self.steps)
            v = self.second[k] / (1 - 0.999**self.steps)
            self.theta[k] = self.theta[k] - self.lr * m / (np.sqrt(v) + self.adam_eps)

    def predict(self, X):
        return self.forward(X, training=False).argmax(1)
