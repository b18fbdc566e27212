import numpy as np

def act(z):
    return np.where(z > 0, z, 0)

def d_act(z):
    s = 1 / (1 + np.exp(-z))
    return s * (1 - s)

def build(d, h, k):
    return {'W1': np.random.randn(h, d) * .5, 'b1': np.zeros((h, 1)), 'W2': np.random.randn(k, h) * .5, 'b2': np.zeros((k, 1))}

def forward(w, X):
    c = {'Z1': w['W1'] @ X + w['b1']}
    c['A1'] = act(c['Z1'])
    c['Z2'] = w['W2'] @ c['A1'] + w['b2']
    e = np.exp(c['Z2'] - np.max(c['Z2'], axis=0, keepdims=True))
    c['P'] = e / np.sum(e, axis=0, keepdims=True)
    return c

def backward(w, c, X, Y):
    m = Y.shape[1]
    dZ2 = (c['P'] - Y) / m
    dZ1 = w['W2'].T @ dZ2 * d_act(c['Z1'])
    return {'W1': dZ1 @ X.T, 'b1': dZ1.sum(1, keepdims=True), 'W2': dZ2 @ c['A1'].T, 'b2': dZ2.sum(1, keepdims=True)}

def update(w, g, lr):
    for k in g:
        w[k] = w[k] - lr * g[k]
