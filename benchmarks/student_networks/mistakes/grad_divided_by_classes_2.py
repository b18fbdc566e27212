import numpy as np


def initialize(dims):
    parameters = {}
    for l in range(1, len(dims)):
        parameters[f"W{l}"] = np.random.randn(dims[l], dims[l - 1]) / np.sqrt(dims[l - 1])
        parameters[f"b{l}"] = np.zeros((dims[l], 1))
    return parameters


def forward(X, parameters):
    L = len(parameters) // 2
    A, caches = X, [X]
    for l in range(1, L):
        A = np.tanh(parameters[f"W{l}"] @ A + parameters[f"b{l}"])
        caches.append(A)
    Z = parameters[f"W{L}"] @ A + parameters[f"b{L}"]
    expo = np.exp(Z - Z.max(axis=0, keepdims=True))
    return expo / expo.sum(axis=0, keepdims=True), caches


def cost(AL, Y):
    return -np.sum(Y * np.log(AL)) / Y.shape[1]


def backward(AL, Y, caches, parameters):
    grads = {}
    dZ = (AL - Y) / np.prod(Y.shape)
    for l in range(len(caches), 0, -1):
        grads[f"W{l}"] = dZ @ caches[l - 1].T
        grads[f"b{l}"] = dZ.sum(axis=1, keepdims=True)
        dZ = parameters[f"W{l}"].T @ dZ * (1 - caches[l - 1] ** 2)
    return grads


def apply(parameters, grads, alpha):
    for key, g in grads.items():
        parameters[key] = parameters[key] - alpha * g
