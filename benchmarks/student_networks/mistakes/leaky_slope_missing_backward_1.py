import numpy as np

def init(d, h, c):
    rng = np.random
    return {"W1": rng.randn(d, h) * 0.7, "b1": np.zeros(h), "W2": rng.randn(h, c) * 0.7, "b2": np.zeros(c)}

def leaky_relu(x, slope=0.1):
    return np.where(x > 0, x, slope * x)

def forward(p, X):
    h = leaky_relu(X @ p["W1"] + p["b1"])
    return h, h @ p["W2"] + p["b2"]

def step(p, X, y, lr):
    h, s = forward(p, X)
    prob = np.exp(s - s.max(1, keepdims=True))
    prob /= prob.sum(1, keepdims=True)
    prob[np.arange(len(y)), y] -= 1
    prob /= len(y)
    dh = prob @ p["W2"].T
    dh[h < 0] = 0
    p["W2"] -= lr * (h.T @ prob); p["b2"] -= lr * prob.sum(0)
    p["W1"] -= lr * (X.T @ dh); p["b1"] -= lr * dh.sum(0)
