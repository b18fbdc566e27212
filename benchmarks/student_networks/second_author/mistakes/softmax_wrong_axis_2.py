import numpy as np


def initialisation(n0, n1, n2):
    W1 = np.random.randn(n1, n0)
    b1 = np.zeros((n1, 1))
    W2 = np.random.randn(n2, n1)
    b2 = np.zeros((n2, 1))
    parametres = {'W1': W1, 'b1': b1, 'W2': W2, 'b2': b2}
    return parametres


def propagation_avant(X, parametres):
    W1, b1 = parametres['W1'], parametres['b1']
    W2, b2 = parametres['W2'], parametres['b2']
    Z1 = W1.dot(X) + b1
    A1 = np.tanh(Z1)
    Z2 = W2.dot(A1) + b2
    E = np.exp(Z2 - np.max(Z2, axis=0))
    A2 = E / np.sum(E, axis=1, keepdims=True)
    return {'A1': A1, 'A2': A2}


def propagation_arriere(X, y, activations, parametres):
    A1 = activations['A1']
    A2 = activations['A2']
    W2 = parametres['W2']
    m = y.shape[1]

    dZ2 = A2 - y
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = np.dot(W2.T, dZ2) * (1 - A1 ** 2)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {'dW1': dW1, 'db1': db1, 'dW2': dW2, 'db2': db2}


def mise_a_jour(gradients, parametres, taux):
    for cle in parametres:
        parametres[cle] = parametres[cle] - taux * gradients['d' + cle]
    return parametres


def perte(A2, y):
    return -np.sum(y * np.log(A2 + 1e-15)) / y.shape[1]


def precision(X, y, parametres):
    prediction = np.argmax(propagation_avant(X, parametres)['A2'], axis=0)
    return np.mean(prediction == np.argmax(y, axis=0))


def entrainement(X, y, parametres, taux=0.1, n_iter=1):
    historique = []
    for i in range(n_iter):
        activations = propagation_avant(X, parametres)
        historique.append(perte(activations['A2'], y))
        gradients = propagation_arriere(X, y, activations, parametres)
        parametres = mise_a_jour(gradients, parametres, taux)
    return parametres
