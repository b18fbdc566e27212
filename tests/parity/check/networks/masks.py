"""Dropout whose masks are drawn outside the network and handed to it."""

import numpy as np


def init(layer_sizes):
    net = {}
    for l in range(1, len(layer_sizes)):
        net[f"W{l}"] = np.random.randn(layer_sizes[l], layer_sizes[l - 1]) * np.sqrt(1 / layer_sizes[l - 1])
        net[f"b{l}"] = np.zeros((layer_sizes[l], 1))
    return net


def dropout_mask(shape, p_drop):
    return (np.random.rand(*shape) >= p_drop) / (1 - p_drop)


def forward(net, X, masks):
    L = len(net) // 2
    A, cache = X, [(X, X)]
    for l in range(1, L):
        H = np.tanh(net[f"W{l}"] @ A + net[f"b{l}"])
        A = H * masks[l - 1]
        cache.append((H, A))
    Z = net[f"W{L}"] @ A + net[f"b{L}"]
    e = np.exp(Z - Z.max(axis=0))
    return e / e.sum(axis=0), cache


def backward(net, probs, Y, cache, masks):
    L, m = len(net) // 2, Y.shape[1]
    grads, dZ = {}, (probs - Y) / m
    for l in range(L, 0, -1):
        grads[f"W{l}"] = dZ @ cache[l - 1][1].T
        grads[f"b{l}"] = dZ.sum(axis=1, keepdims=True)
        if l > 1:
            dA = net[f"W{l}"].T @ dZ * masks[l - 2]
            dZ = dA * (1 - cache[l - 1][0] ** 2)
    return grads


def update(net, grads, learning_rate):
    for name in net:
        net[name] = net[name] - learning_rate * grads[name]
    return net


def predict(net, X):
    ones = [1.0] * (len(net) // 2 - 1)
    return forward(net, X, ones)[0].argmax(axis=0)
