import numpy as np

def start(d, h, c):
    net = {}
    for i, (n, k) in enumerate(((d, h), (h, h), (h, c)), 1):
        net['W%d' % i] = np.random.randn(k, n) * .5
        net['b%d' % i] = np.zeros((k, 1))
    return net

def run(net, X):
    a1 = np.tanh(net['W1'] @ X + net['b1'])
    a2 = np.tanh(net['W2'] @ a1 + net['b2'])
    s = net['W3'] @ a2 + net['b3']
    s = np.exp(s - s.max(axis=0))
    return a1, a2, s / s.sum(axis=0)

def learn(net, X, y, lr):
    a1, a2, p = run(net, X)
    m = len(y)
    d3 = p.copy()
    d3[y, np.arange(m)] -= 1
    d3 /= m
    d2 = net['W3'].T @ d3 * (1 - a2 ** 2)
    d1 = d2 * (1 - a1 ** 2)
    for i, a, d in (('1', X, d1), ('2', a1, d2), ('3', a2, d3)):
        net['W' + i] -= lr * d @ a.T
        net['b' + i] -= lr * d.sum(axis=1, keepdims=True)
