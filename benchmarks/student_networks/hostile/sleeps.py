import time

import numpy as np

time.sleep(1000)


def forward(params, X):
    return np.maximum(X @ params[0] + params[1], 0) @ params[2] + params[3]


def backward(params, X, Y):
    return [np.zeros_like(p) for p in params]
