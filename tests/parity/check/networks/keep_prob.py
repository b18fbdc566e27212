"""Dropout with the probability of keeping a unit as an argument of both passes."""

import numpy as np


def setup(n_x, n_h, n_y):
    W1 = np.random.randn(n_x, n_h) * 0.3
    b1 = np.zeros(n_h)
    W2 = np.random.randn(n_h, n_y) * 0.3
    b2 = np.zeros(n_y)
    return W1, b1, W2, b2


def forward_pass(X, W1, b1, W2, b2, keep_prob):
    hidden = 1 / (1 + np.exp(-(X @ W1 + b1)))
    mask = np.random.binomial(1, keep_prob, size=hidden.shape)
    dropped = hidden * mask / keep_prob
    scores = dropped @ W2 + b2
    return scores, hidden, mask, dropped


def train_step(X, y, W1, b1, W2, b2, keep_prob, lr):
    scores, hidden, mask, dropped = forward_pass(X, W1, b1, W2, b2, keep_prob)
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    back = p @ W2.T * mask / keep_prob
    back = back * hidden * (1 - hidden)
    return W1 - lr * X.T @ back, b1 - lr * back.sum(0), W2 - lr * dropped.T @ p, b2 - lr * p.sum(0)


def predict(X, W1, b1, W2, b2):
    return forward_pass(X, W1, b1, W2, b2, 1.0)[0].argmax(1)
