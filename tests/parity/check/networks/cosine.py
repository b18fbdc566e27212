"""The classes' scores are cosines with their prototypes; samples are standardised inside."""

import numpy as np

TEMPERATURE = 6.0


def initialise(n_inputs, n_hidden, n_classes):
    w = np.random.randn(n_inputs, n_hidden) / np.sqrt(n_inputs)
    prototypes = np.random.randn(n_hidden, n_classes)
    return {"w": w, "prototypes": prototypes}


def unit(v, axis):
    length = np.sqrt((v**2).sum(axis=axis, keepdims=True))
    return v / length, length


def forward(params, X):
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    h = np.tanh(X @ params["w"])
    a, a_length = unit(h, 1)
    p, p_length = unit(params["prototypes"], 0)
    scores = TEMPERATURE * a @ p
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True), (X, h, a, a_length, p, p_length)


def through_unit(grad, unit, length, axis):
    return (grad - unit * (grad * unit).sum(axis=axis, keepdims=True)) / length


def train_step(params, X, y, lr):
    probabilities, (X, h, a, a_length, p, p_length) = forward(params, X)
    d = TEMPERATURE * (probabilities - np.eye(probabilities.shape[1])[y]) / len(y)
    d_prototypes = through_unit(a.T @ d, p, p_length, 0)
    dh = through_unit(d @ p.T, a, a_length, 1)
    params["prototypes"] -= lr * d_prototypes
    params["w"] -= lr * X.T @ (dh * (1 - h**2))
