"""A network as functions that share variables."""

import numpy as np


def network(shape):
    rng = np.random.default_rng(0)
    store = [[rng.normal(size=(n, m)), np.zeros(m)] for n, m in zip(shape, shape[1:])]

    def apply(x):
        trail = [x]
        for i, (w, b) in enumerate(store):
            z = trail[-1] @ w + b
            trail.append(np.maximum(z, 0) if i < len(store) - 1 else z)
        return trail

    def learn(x, labels, rate):
        trail = apply(x)
        e = np.exp(trail[-1] - trail[-1].max(1, keepdims=True))
        d = (e / e.sum(1, keepdims=True) - np.eye(shape[-1])[labels]) / len(x)
        for i in reversed(range(len(store))):
            below = (d @ store[i][0].T) * (trail[i] > 0)
            store[i][0] -= rate * trail[i].T @ d
            store[i][1] -= rate * d.sum(0)
            d = below

    return apply, learn, store
