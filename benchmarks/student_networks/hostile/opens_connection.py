import urllib.request

import numpy as np

raw = urllib.request.urlopen("http://example.invalid/mnist.npz", timeout=30).read()


def forward(params, X):
    return X @ params["W"] + params["b"]


def backward(params, X, Y):
    return {k: np.zeros_like(v) for k, v in params.items()}
