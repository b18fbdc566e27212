import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)

def initialise(i, h, o):
    return {'w1': np.random.randn(i, h), 'b1': np.zeros(h), 'w2': np.random.randn(h, o), 'b2': np.zeros(o)}

def feedforward(net, X):
    a1 = sigmoid(X @ net['w1'] + net['b1'])
    z2 = sigmoid(a1 @ net['w2'] + net['b2'])
    return a1, softmax(z2)

def backprop(net, X, Y, lr):
    a1, out = feedforward(net, X)
    d2 = (out - Y) / len(X)
    d1 = d2 @ net['w2'].T * a1 * (1 - a1)
    net['w2'] -= lr * a1.T @ d2
    net['b2'] -= lr * d2.sum(axis=0)
    net['w1'] -= lr * X.T @ d1
    net['b1'] -= lr * d1.sum(axis=0)
