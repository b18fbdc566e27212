import numpy as np

def init(d, h, c):
    return {"W1": np.random.randn(d, h), "b1": np.zeros(h), "W2": np.random.randn(h, c), "b2": np.zeros(c)}

def forward(params, X):
    h = 1 / (1 + np.exp(-(X @ params["W1"] + params["b1"])))
    e = np.exp(h @ params["W2"] + params["b2"])
    return h, e / e.sum(axis=1, keepdims=True)

def ridge(w, l2):
    return l2 * np.sum(w ** 2)

def ridge_prime(w, l2):
    return l2 * w

def loss(params, X, Y, l2):
    p = forward(params, X)[1]
    return -np.sum(Y * np.log(p)) / len(X) + ridge(params["W1"], l2) + ridge(params["W2"], l2)

def backward(params, X, Y, l2):
    h, p = forward(params, X)
    d = (p - Y) / len(X)
    dh = d @ params["W2"].T * h * (1 - h)
    return {"W1": X.T @ dh + ridge_prime(params["W1"], l2), "b1": dh.sum(0),
            "W2": h.T @ d + ridge_prime(params["W2"], l2), "b2": d.sum(0)}

def update(params, grads, lr):
    for k in params:
        params[k] -= lr * grads[k]
