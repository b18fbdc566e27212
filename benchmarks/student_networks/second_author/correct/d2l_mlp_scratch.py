import math
import numpy as np

num_inputs, num_hiddens, num_outputs = 4, 6, 3


def init_model(num_inputs, num_hiddens, num_outputs, sigma=0.5):
    W1 = np.random.normal(scale=sigma, size=(num_inputs, num_hiddens))
    b1 = np.zeros(num_hiddens)
    W2 = np.random.normal(scale=sigma, size=(num_hiddens, num_outputs))
    b2 = np.zeros(num_outputs)
    return [W1, b1, W2, b2]


def relu(X):
    return np.maximum(X, 0)


def softmax(X):
    X_exp = np.exp(X - X.max(1, keepdims=True))
    partition = X_exp.sum(1, keepdims=True)
    return X_exp / partition


def net(X, params):
    W1, b1, W2, b2 = params
    H = relu(X @ W1 + b1)
    return softmax(H @ W2 + b2), H


def cross_entropy(y_hat, y):
    return -np.log(y_hat[range(len(y_hat)), y])


def gradients(X, y, params):
    # gradient of the *sum* of the losses in the minibatch
    W1, b1, W2, b2 = params
    y_hat, H = net(X, params)
    d_out = y_hat
    d_out[range(len(y)), y] -= 1
    d_H = (d_out @ W2.T) * (H > 0)
    return [X.T @ d_H, d_H.sum(0), H.T @ d_out, d_out.sum(0)]


def sgd(params, grads, lr, batch_size):
    """Minibatch stochastic gradient descent."""
    for param, grad in zip(params, grads):
        param[:] = param - lr * grad / batch_size


def train_batch(params, X, y, lr=0.1):
    sgd(params, gradients(X, y, params), lr, X.shape[0])


def accuracy(y_hat, y):
    y_hat = y_hat.argmax(axis=1)
    return float((y_hat == y).sum()) / len(y)
