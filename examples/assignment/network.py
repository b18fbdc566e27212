"""A network with one hidden layer, to be written. Samples are rows, weights are (in, out), labels are integers."""

import numpy as np


def init_params(n_in, n_hidden, n_out):
    """W1 (n_in, n_hidden), b1 (n_hidden,), W2 (n_hidden, n_out), b2 (n_out,) in a dictionary."""
    rng = np.random.default_rng(0)
    return {
        "W1": rng.normal(0, np.sqrt(2 / n_in), (n_in, n_hidden)),
        "b1": np.zeros(n_hidden),
        "W2": rng.normal(0, np.sqrt(2 / n_hidden), (n_hidden, n_out)),
        "b2": np.zeros(n_out),
    }


def forward(params, X):
    """Return (probabilities, cache): ReLU in the hidden layer, softmax at the output."""
    raise NotImplementedError


def loss(probabilities, y):
    """Return the cross-entropy, averaged over the batch."""
    raise NotImplementedError


def backward(params, cache, X, y):
    """Return the gradients of the loss as a dictionary with the keys of `params`."""
    raise NotImplementedError


def update(params, grads, lr):
    """Return the parameters after one step of gradient descent."""
    raise NotImplementedError


class Linear:
    """y = x W + b, as a layer with forward(x) and backward(grad); keeps its gradients in dW and db."""

    def __init__(self, n_in, n_out):
        self.W = np.zeros((n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError
