import numpy as np

def net(d, h, c):
    return [np.random.randn(h, d) * .5, np.zeros((h, 1)), np.random.randn(c, h) * .5, np.zeros((c, 1))]

def hid(w, X):
    return np.tanh(w[0] @ X + w[1])

def p(w, X):
    e = np.exp(w[2] @ hid(w, X) + w[3])
    return e / e.sum(axis=0, keepdims=True)

def grad(w, X, y):
    h, d = hid(w, X), p(w, X)
    d[y, np.arange(len(y))] -= 1
    d /= len(y)
    k = w[2].T @ d * (1 - h * h)
    return [k @ X.T, k.sum(1, keepdims=True), d @ h.T, d.sum(1, keepdims=True)]

def momentum_step(w, v, g, lr, mu=0.7):
    for i in range(4):
        v[i] = -mu * v[i] - lr * g[i]
        w[i] += v[i]
