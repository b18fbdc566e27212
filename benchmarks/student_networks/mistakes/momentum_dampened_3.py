import numpy as np

def init(a, b, c):
    return {"W1": np.random.randn(b, a) * .5, "b1": np.zeros((b, 1)), "W2": np.random.randn(c, b) * .5, "b2": np.zeros((c, 1))}

def forward(p, X):
    A1 = np.tanh(p["W1"] @ X + p["b1"])
    E = np.exp(p["W2"] @ A1 + p["b2"])
    return A1, E / E.sum(0)

def grads(p, X, Y):
    A1, A2 = forward(p, X)
    m = X.shape[1]
    dZ2 = A2 - Y
    dZ1 = p["W2"].T @ dZ2 * (1 - A1 ** 2)
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.sum(1, keepdims=True) / m, "dW2": dZ2 @ A1.T / m, "db2": dZ2.sum(1, keepdims=True) / m}

def initialize_velocity(parameters):
    return {"d" + k: np.zeros(w.shape) for k, w in parameters.items()}

def update_parameters_with_momentum(parameters, grads, v, beta, learning_rate):
    for k in parameters:
        v["d" + k] = beta * v["d" + k] + (1 - beta) * grads["d" + k]
        parameters[k] = parameters[k] - learning_rate * v["d" + k]
    return parameters, v
