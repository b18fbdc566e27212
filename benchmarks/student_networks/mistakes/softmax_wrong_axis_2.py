import numpy as np

def initialize(n_x, n_h, n_y):
    return dict(W1=np.random.randn(n_h, n_x) * .5, b1=np.zeros((n_h, 1)), W2=np.random.randn(n_y, n_h) * .5, b2=np.zeros((n_y, 1)))

def softmax(Z):
    t = np.exp(Z - np.max(Z))
    return t / np.sum(t, axis=1, keepdims=True)

def forward(p, X):
    A1 = np.tanh(p['W1'] @ X + p['b1'])
    return A1, softmax(p['W2'] @ A1 + p['b2'])

def train_iter(p, X, Y, lr):
    m = X.shape[1]
    A1, A2 = forward(p, X)
    dZ2 = (A2 - Y) / m
    dZ1 = p['W2'].T @ dZ2 * (1 - A1 ** 2)
    return dict(W1=p['W1'] - lr * dZ1 @ X.T, b1=p['b1'] - lr * dZ1.sum(axis=1, keepdims=True),
                W2=p['W2'] - lr * dZ2 @ A1.T, b2=p['b2'] - lr * dZ2.sum(axis=1, keepdims=True))
