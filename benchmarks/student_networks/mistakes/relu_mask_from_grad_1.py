import numpy as np

def init(n, h, k):
    return {"W1": np.random.randn(n, h) * .4, "b1": np.zeros(h), "W2": np.random.randn(h, k) * .4, "b2": np.zeros(k)}

def relu(x):
    return np.maximum(0, x), x

def relu_backward(dout, cache):
    # gradient passes only where positive
    return dout * (dout > 0)

def model(p, X):
    a, cache = relu(X @ p["W1"] + p["b1"])
    s = a @ p["W2"] + p["b2"]
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), a, cache

def sgd_step(p, X, y, lr):
    prob, a, cache = model(p, X)
    ds = prob
    ds[np.arange(len(y)), y] -= 1
    ds /= len(y)
    da = relu_backward(ds @ p["W2"].T, cache)
    p["W2"] -= lr * a.T @ ds
    p["b2"] -= lr * ds.sum(axis=0)
    p["W1"] -= lr * X.T @ da
    p["b1"] -= lr * da.sum(axis=0)
