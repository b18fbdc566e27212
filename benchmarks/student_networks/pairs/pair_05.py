import numpy as np

def initialize_parameters(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_h, n_x) * .5, "b1": np.zeros((n_h, 1)), "W2": np.random.randn(n_y, n_h) * .5, "b2": np.zeros((n_y, 1))}

def forward_propagation(p, X):
    A1 = np.tanh(p["W1"] @ X + p["b1"])
    Z2 = p["W2"] @ A1 + p["b2"]
    t = np.exp(Z2 - Z2.max(axis=0))
    return {"A1": A1, "A2": t / t.sum(axis=0)}

def backward_propagation(p, cache, X, Y):
    m = X.shape[1]
    dZ2 = (cache["A2"] - Y) / m
    dW2 = dZ2 @ cache["A1"].T
    db2 = np.mean(dZ2, axis=1, keepdims=True)
    dZ1 = p["W2"].T @ dZ2 * (1 - cache["A1"])
    dW1 = dZ1 @ X.T
    db1 = np.mean(dZ1, axis=1, keepdims=True)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}

def update_parameters(p, g, learning_rate):
    return {k: p[k] - learning_rate * g[k] for k in p}
