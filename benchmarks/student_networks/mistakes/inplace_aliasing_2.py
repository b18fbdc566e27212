import numpy as np

def init(d, h, c):
    return {"W1": np.random.randn(d, h), "b1": np.zeros(h), "W2": np.random.randn(h, c), "b2": np.zeros(c)}

def forward(p, X):
    z = X @ p["W1"] + p["b1"]
    a = z
    np.tanh(a, out=a)
    e = np.exp(a @ p["W2"] + p["b2"])
    return z, a, e / e.sum(axis=1, keepdims=True)

def tanh_prime(z):
    return 1 - np.tanh(z) ** 2

def step(p, X, Y, lr):
    z, a, out = forward(p, X)
    d = (out - Y) / len(X)
    dz = d @ p["W2"].T * tanh_prime(z)
    p["W2"] -= lr * a.T @ d
    p["b2"] -= lr * d.sum(0)
    p["W1"] -= lr * X.T @ dz
    p["b1"] -= lr * dz.sum(0)
