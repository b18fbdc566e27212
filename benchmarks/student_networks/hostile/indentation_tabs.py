import numpy as np

def forward(params, X):
    h = np.tanh(X @ params["W1"] + params["b1"])
    return h, h @ params["W2"] + params["b2"]

def backward(params, X, Y):
    h, s = forward(params, X)
    if len(X) > 0:
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
	d = (p - Y) / len(X)
    return {"W2": h.T @ d, "b2": d.sum(0)}
