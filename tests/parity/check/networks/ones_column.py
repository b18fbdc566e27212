"""The bias is the first column of each matrix; the penalty leaves it out, and no function gives the outputs."""

import numpy as np


def with_ones(M):
    return np.c_[np.ones(len(M)), M]


def logistic(z):
    return 1 / (1 + np.exp(-z))


def random_weights(fan_in, fan_out):
    return np.random.uniform(-0.5, 0.5, (fan_out, fan_in + 1))


def cost_function(theta1, theta2, X, y, lam):
    m, labels = len(X), np.eye(len(theta2))[y]
    a1 = with_ones(X)
    a2 = with_ones(logistic(a1 @ theta1.T))
    h = logistic(a2 @ theta2.T)
    J = -np.sum(labels * np.log(h) + (1 - labels) * np.log(1 - h)) / m
    J += lam / (2 * m) * (np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2))
    delta3 = h - labels
    delta2 = (delta3 @ theta2 * a2 * (1 - a2))[:, 1:]
    grad1, grad2 = delta2.T @ a1 / m, delta3.T @ a2 / m
    grad1[:, 1:] += lam / m * theta1[:, 1:]
    grad2[:, 1:] += lam / m * theta2[:, 1:]
    return J, grad1, grad2


def descend(theta1, theta2, X, y, alpha, lam):
    J, grad1, grad2 = cost_function(theta1, theta2, X, y, lam)
    return theta1 - alpha * grad1, theta2 - alpha * grad2
