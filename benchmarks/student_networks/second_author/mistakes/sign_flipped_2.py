import numpy as np


def init(n0, n1, n2):
    W1 = np.random.randn(n1, n0)
    b1 = np.zeros((n1, 1))
    W2 = np.random.randn(n2, n1)
    b2 = np.zeros((n2, 1))
    params = {'W1': W1, 'b1': b1, 'W2': W2, 'b2': b2}
    return params


def forward_propagation(X, params):
    W1, b1 = params['W1'], params['b1']
    W2, b2 = params['W2'], params['b2']
    Z1 = W1.dot(X) + b1
    A1 = np.tanh(Z1)
    Z2 = W2.dot(A1) + b2
    E = np.exp(Z2 - np.max(Z2, axis=0))
    A2 = E / np.sum(E, axis=0)
    return {'A1': A1, 'A2': A2}


def back_propagation(X, y, activations, params):
    A1 = activations['A1']
    A2 = activations['A2']
    W2 = params['W2']
    m = y.shape[1]

    dZ2 = A2 - y
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = np.dot(W2.T, dZ2) * (1 - A1 ** 2)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {'dW1': dW1, 'db1': db1, 'dW2': dW2, 'db2': db2}


def update(gradients, params, learning_rate):
    for cle in params:
        params[cle] = params[cle] + learning_rate * gradients['d' + cle]
    return params


def log_loss(A2, y):
    return -np.sum(y * np.log(A2 + 1e-15)) / y.shape[1]


def accuracy(X, y, params):
    prediction = np.argmax(forward_propagation(X, params)['A2'], axis=0)
    return np.mean(prediction == np.argmax(y, axis=0))


def train(X, y, params, learning_rate=0.1, n_iter=1):
    historique = []
    for i in range(n_iter):
        activations = forward_propagation(X, params)
        historique.append(log_loss(activations['A2'], y))
        gradients = back_propagation(X, y, activations, params)
        params = update(gradients, params, learning_rate)
    return params
