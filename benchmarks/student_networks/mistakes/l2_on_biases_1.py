import numpy as np

def params(d, h, c):
    return {'W1': np.random.randn(d, h) * .5, 'b1': np.ones(h) * .1, 'W2': np.random.randn(h, c) * .5, 'b2': np.ones(c) * .1}

def forward(p, X):
    h = np.maximum(0, X @ p['W1'] + p['b1'])
    e = np.exp(h @ p['W2'] + p['b2'])
    return h, e / e.sum(axis=1, keepdims=True)

def loss(p, X, y, lam):
    q = forward(p, X)[1]
    return -np.log(q[np.arange(len(y)), y]).mean() + lam / 2 * ((p['W1'] ** 2).sum() + (p['W2'] ** 2).sum())

def train(p, X, y, lr, lam):
    h, d = forward(p, X)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    dh = d @ p['W2'].T * (h > 0)
    g = {'W1': X.T @ dh, 'b1': dh.sum(0), 'W2': h.T @ d, 'b2': d.sum(0)}
    for k in p:
        p[k] -= lr * (g[k] + lam * p[k])
