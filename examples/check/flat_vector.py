"""All weights in one vector, as optimisers of SciPy want them."""

import numpy as np


def cut(vector, sizes):
    parts, at = [], 0
    for n, m in zip(sizes, sizes[1:]):
        w = vector[at : at + n * m].reshape(n, m)
        b = vector[at + n * m : at + n * m + m]
        parts.append((w, b))
        at += n * m + m
    return parts


def cost(vector, sizes, x, y):
    values, parts = [x], cut(vector, sizes)
    for w, b in parts:
        values.append(np.tanh(values[-1] @ w + b))
    error = values[-1] - y
    slope, gradient = np.empty_like(vector), 2 * error / error.size
    grads = cut(slope, sizes)
    for layer in reversed(range(len(parts))):
        gradient = gradient * (1 - values[layer + 1] ** 2)
        grads[layer][0][...] = values[layer].T @ gradient
        grads[layer][1][...] = gradient.sum(0)
        gradient = gradient @ parts[layer][0].T
    return (error**2).mean(), slope, values[-1]
