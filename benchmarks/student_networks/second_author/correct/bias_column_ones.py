import numpy as np


def add_ones(a):
    return np.hstack([np.ones((a.shape[0], 1)), a])


def sigmoid(z):
    return 1. / (1. + np.exp(-z))


def rand_init(L_in, L_out):
    epsilon_init = 0.8
    return np.random.rand(L_out, 1 + L_in) * 2 * epsilon_init - epsilon_init


def nn_cost_function(theta1, theta2, X, y, num_labels, lam):
    """Translated from the Octave exercise (ex4) of Machine Learning"""
    m = X.shape[0]
    a1 = add_ones(X)
    z2 = a1.dot(theta1.T)
    a2 = add_ones(sigmoid(z2))
    z3 = a2.dot(theta2.T)
    h = sigmoid(z3)
    yk = np.eye(num_labels)[y, :]
    J = (1.0 / m) * np.sum(-yk * np.log(h) - (1 - yk) * np.log(1 - h))
    J = J + lam / (2.0 * m) * (np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2))

    d3 = h - yk
    d2 = d3.dot(theta2[:, 1:]) * sigmoid(z2) * (1 - sigmoid(z2))
    theta1_grad = d2.T.dot(a1) / m
    theta2_grad = d3.T.dot(a2) / m
    theta1_grad[:, 1:] += lam / m * theta1[:, 1:]
    theta2_grad[:, 1:] += lam / m * theta2[:, 1:]
    return J, theta1_grad, theta2_grad


def gradient_descent(thetas, X, y, num_labels, alpha=0.5, lam=1.0, iters=1):
    theta1, theta2 = thetas
    for _ in range(iters):
        J, g1, g2 = nn_cost_function(theta1, theta2, X, y, num_labels, lam)
        theta1 = theta1 - alpha * g1
        theta2 = theta2 - alpha * g2
    return theta1, theta2


def predict(theta1, theta2, X):
    h1 = sigmoid(add_ones(X).dot(theta1.T))
    h2 = sigmoid(add_ones(h1).dot(theta2.T))
    return np.argmax(h2, axis=1)
