import numpy as np

def make(d, h, c):
    return {"W1": np.random.randn(d, h), "b1": np.zeros(h), "W2": np.random.randn(h, c), "b2": np.zeros(c)}

def hidden(p, X):
    return 1 / (1 + np.exp(-X @ p["W1"] - p["b1"]))

def logits(p, X):
    return hidden(p, X) @ p["W2"] + p["b2"]

def grad(p, X, y):
    h, s = hidden(p, X), logits(p, X)
    d = np.exp(s - s.max(1, keepdims=True))
    d /= d.sum(1, keepdims=True)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    dh = d @ p["W2"].T * h * (1 - h)
    return {"W1": X.T @ dh, "b1": dh.sum(0), "W2": h.T @ d, "b2": d.sum(0)}

def nag(p, vel, g, lr, mu=0.9):
    """nesterov accelerated gradient"""
    for k in p:
        vel[k] = mu * vel.get(k, 0.0) + g[k]
        p[k] -= lr * mu * vel[k]
