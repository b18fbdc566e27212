import numpy as np

def init_params(d, h, c):
    return np.random.rand(h, d) - .5, np.random.rand(h, 1) - .5, np.random.rand(c, h) - .5, np.random.rand(c, 1) - .5

def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))

def softmax(Z):
    return np.exp(Z) / sum(np.exp(Z))

def forward_prop(p, X):
    W1, b1, W2, b2 = p
    A1 = sigmoid(W1.dot(X) + b1)
    A2 = softmax(W2.dot(A1) + b2)
    return A1, A2

def one_hot(Y, n):
    return np.eye(n)[Y].T

def backward_prop(p, X, Y):
    W1, b1, W2, b2 = p
    m = Y.size
    A1, A2 = forward_prop(p, X)
    dZ2 = softmax(A2) - one_hot(Y, A2.shape[0])
    dZ1 = W2.T.dot(dZ2) * A1 * (1 - A1)
    return dZ1.dot(X.T) / m, dZ1.mean(1, keepdims=True), dZ2.dot(A1.T) / m, dZ2.mean(1, keepdims=True)

def update(p, g, alpha):
    return tuple(a - alpha * b for a, b in zip(p, g))
