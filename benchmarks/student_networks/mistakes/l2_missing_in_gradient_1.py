import numpy as np

def initialize(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_h, n_x) * .5, "b1": np.zeros((n_h, 1)),
            "W2": np.random.randn(n_y, n_h) * .5, "b2": np.zeros((n_y, 1))}

def forward_propagation(parameters, X):
    A1 = np.maximum(0, parameters["W1"] @ X + parameters["b1"])
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    t = np.exp(Z2 - Z2.max(0))
    return {"A1": A1, "A2": t / t.sum(0)}

def compute_cost(parameters, A2, Y, lambd=0.7):
    m = Y.shape[1]
    cross_entropy = -np.sum(Y * np.log(A2)) / m
    l2 = lambd / (2 * m) * (np.sum(parameters["W1"] ** 2) + np.sum(parameters["W2"] ** 2))
    return cross_entropy + l2

def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dZ1 = parameters["W2"].T @ dZ2 * (cache["A1"] > 0)
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m,
            "dW2": dZ2 @ cache["A1"].T / m, "db2": dZ2.sum(axis=1, keepdims=True) / m}

def update(parameters, grads, lr):
    return {k: v - lr * grads["d" + k] for k, v in parameters.items()}
