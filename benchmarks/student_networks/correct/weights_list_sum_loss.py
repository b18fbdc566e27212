import numpy as np

sigmoid = lambda t: 1 / (1 + np.exp(-t))


class NN:
    """Fully connected net, any depth. loss is the SUM over the batch, lr is per sample."""

    def __init__(self, sizes, seed=None):
        r = np.random.default_rng(seed) if seed is not None else np.random
        self.weights = [r.normal(size=(i, o)) / i ** .5 for i, o in zip(sizes, sizes[1:])]
        self.biases = [np.zeros(o) for o in sizes[1:]]

    def _forward(self, X):
        acts = [X]
        for W, b in zip(self.weights[:-1], self.biases[:-1]):
            acts.append(sigmoid(acts[-1] @ W + b))
        s = acts[-1] @ self.weights[-1] + self.biases[-1]
        s = np.exp(s - s.max(1, keepdims=True))
        acts.append(s / s.sum(1, keepdims=True))
        return acts

    def predict_proba(self, X):
        return self._forward(X)[-1]

    def predict(self, X):
        return self.predict_proba(X).argmax(1)

    def loss(self, X, y):
        return -np.log(self.predict_proba(X)[range(len(y)), y]).sum()

    def gradients(self, X, y):
        acts = self._forward(X)
        delta = acts[-1] - np.eye(acts[-1].shape[1])[y]
        gW, gb = [], []
        for k in range(len(self.weights) - 1, -1, -1):
            gW.insert(0, acts[k].T @ delta)
            gb.insert(0, delta.sum(0))
            if k:
                delta = delta @ self.weights[k].T * acts[k] * (1 - acts[k])
        return gW, gb

    def partial_fit(self, X, y, lr=0.01):
        gW, gb = self.gradients(X, y)
        eta = lr / len(X)
        for k in range(len(gW)):
            self.weights[k] -= eta * gW[k]
            self.biases[k] -= eta * gb[k]
        return self
