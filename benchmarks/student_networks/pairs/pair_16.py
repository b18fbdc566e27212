import numpy as np

def make_net(d, h, c):
    return {"w1": np.random.randn(d, h), "b1": np.random.randn(h), "w2": np.random.randn(h, c), "b2": np.random.randn(c)}

def hidden(net, X):
    z = X @ net["w1"] + net["b1"]
    return z, np.maximum(z, 0.1 * z)

def logits(net, X):
    return hidden(net, X)[1] @ net["w2"] + net["b2"]

def step(net, X, y, lr):
    z, h = hidden(net, X)
    s = logits(net, X)
    d = np.exp(s - s.max(axis=1, keepdims=True))
    d /= d.sum(axis=1, keepdims=True)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    dh = d @ net["w2"].T
    dh[z < 0] = 0
    net["w2"] -= lr * h.T @ d
    net["w1"] -= lr * X.T @ dh
