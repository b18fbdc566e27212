import numpy as np


def random_weights(nx, nh, ny):
    V = np.random.randn(nx, nh) * 0.6
    U = np.random.randn(nh, ny) * 0.6
    return V, np.zeros(nh), U, np.zeros(ny)


def log_probs(theta, X):
    V, a, U, b = theta
    H = 1 / (1 + np.exp(-(X @ V + a)))
    Z = H @ U + b
    M = Z.max(axis=1, keepdims=True)
    return H, Z - M - np.log(np.exp(Z - M).sum(axis=1, keepdims=True))


def objective(theta, X, y):
    return -np.mean(log_probs(theta, X)[1][np.arange(len(y)), y])


def gradient(theta, X, y):
    V, a, U, b = theta
    H, lp = log_probs(theta, X)
    G = np.exp(lp)
    G[np.arange(len(y)), y] -= 1
    G /= len(y)
    K = (G @ U.T) * H * (1 - H)
    return X.T @ K, K.sum(0), H.T @ G, G.sum(0)


def sgd(theta, grad, lr):
    V, a, U, b = theta
    dV, da, dU, db = grad
    return V - lr * dV, a - lr * da, U, b - lr * db
