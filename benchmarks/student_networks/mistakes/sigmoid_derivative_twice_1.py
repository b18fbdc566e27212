import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_prime(x):
    return sigmoid(x) * (1 - sigmoid(x))

def init(d, h, c):
    return {"W1": np.random.randn(d, h), "b1": np.zeros((1, h)), "W2": np.random.randn(h, c), "b2": np.zeros((1, c))}

def forward(w, X):
    h = sigmoid(X @ w["W1"] + w["b1"])
    o = np.exp(h @ w["W2"] + w["b2"])
    return h, o / o.sum(axis=1, keepdims=True)

def learn(w, X, Y, lr):
    h, o = forward(w, X)
    err = (o - Y) / len(X)
    delta = err @ w["W2"].T * sigmoid_prime(h)
    w["W2"] -= lr * h.T @ err
    w["b2"] -= lr * err.sum(axis=0, keepdims=True)
    w["W1"] -= lr * X.T @ delta
    w["b1"] -= lr * delta.sum(axis=0, keepdims=True)
