import numpy as np


def initialize_parameters_deep(layer_dims):
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters['W' + str(l)] = np.random.randn(layer_dims[l], layer_dims[l-1]) * np.sqrt(2 / layer_dims[l-1])
        parameters['b' + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters

def L_model_forward(X, parameters):
    L = len(parameters) // 2
    A = X
    caches = []
    for l in range(1, L + 1):
        Z = np.dot(parameters['W' + str(l)], A) + parameters['b' + str(l)]
        caches.append((A, Z))
        A = np.maximum(0, Z)
    Z = Z - Z.max(axis=0, keepdims=True)
    return np.exp(Z) / np.sum(np.exp(Z), axis=0, keepdims=True), caches

def L_model_backward(AL, Y, caches, parameters):
    grads = {}
    m = Y.shape[1]
    dZ = AL - Y
    for l in range(len(caches), 0, -1):
        A_prev = caches[l - 1][0]
        grads['dW' + str(l)] = np.dot(dZ, A_prev.T) / m
        grads['db' + str(l)] = np.sum(dZ, axis=1, keepdims=True) / m
        if l > 1:
            dZ = np.dot(parameters['W' + str(l)].T, dZ)
            dZ[caches[l - 2][1] <= 0] = 0
    return grads

def update_parameters(parameters, grads, learning_rate):
    L = len(parameters) // 2
    for l in range(1, L): # W
        parameters['W' + str(l)] -= learning_rate * grads['dW' + str(l)]
    for l in range(1, L + 1): # b
        parameters['b' + str(l)] -= learning_rate * grads['db' + str(l)]
