import numpy as np


def init_params(n_in, n_hidden, n_out):
    return np.random.randn(n_in, n_hidden), np.zeros(n_hidden), np.random.randn(n_hidden, n_out), np.zeros(n_out)


def forward(params, X):
    W1, b1, W2, b2 = params
    h = np.maximum(X @ W1 + b1, 0)
    return h @ W2 + b2


# TODO backward
