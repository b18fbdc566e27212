import numpy as np


def rmsprop(lr=0.001, decay_rate=0.9, eps=1e-8):
    cache = {}

    def update(name, param, grad):
        c = cache.get(name)
        if c is None:
            c = np.zeros_like(param)
        c = decay_rate * c + (1 - decay_rate) * grad ** 2
        cache[name] = c
        return param - lr * grad / (np.sqrt(c) + eps)

    return update
