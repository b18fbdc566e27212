import numpy as np

def params(d, h, c):
    p = {}
    for i, (a, b) in enumerate([(d, h), (h, h), (h, c)], start=1):
        p[f'W{i}'] = np.random.randn(a, b) * 0.4
        p[f'b{i}'] = np.zeros(b)
    return p

def forward(p, X):
    a1 = np.tanh(X @ p['W1'] + p['b1'])
    a2 = a1 @ p['W2'] + p['b2']
    z3 = a2 @ p['W3'] + p['b3']
    z3 -= z3.max(axis=1, keepdims=True)
    return a1, a2, np.exp(z3) / np.exp(z3).sum(axis=1, keepdims=True)

def update(p, X, Y, lr):
    a1, a2, out = forward(p, X)
    d3 = (out - Y) / len(X)
    d2 = d3 @ p['W3'].T * (1 - a2 ** 2)
    d1 = d2 @ p['W2'].T * (1 - a1 ** 2)
    for i, (a, d) in enumerate([(X, d1), (a1, d2), (a2, d3)], start=1):
        p[f'W{i}'] -= lr * a.T @ d
        p[f'b{i}'] -= lr * d.sum(axis=0)
