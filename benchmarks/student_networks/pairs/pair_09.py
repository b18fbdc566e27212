import numpy as np

def init(d, h, c):
    return {"W1": np.random.randn(d, h), "b1": np.zeros(h), "W2": np.random.randn(h, c), "b2": np.zeros(c)}

def forward(params, X):
    h = 1 / (1 + np.exp(-(X @ params["W1"] + params["b1"])))
    e = np.exp(h @ params["W2"] + params["b2"])
    return h, e / e.sum(axis=1, keepdims=True)

def grads(params, X, Y):
    h, p = forward(params, X)
    d = (p - Y) / len(X)
    dh = d @ params["W2"].T * h * (1 - h)
    return {"W1": X.T @ dh, "b1": dh.sum(axis=0), "W2": h.T @ d, "b2": d.sum(axis=0)}

def update(params, grads, lr):
    for k in ("b1", "W2", "b2"):
        params[k] = params[k] + lr * grads[k]
