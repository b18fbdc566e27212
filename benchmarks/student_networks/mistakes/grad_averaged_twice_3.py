import numpy as np


def new_model(d, h, k):
    scale = 0.5
    return {'W1': scale * np.random.randn(d, h), 'b1': np.zeros(h), 'W2': scale * np.random.randn(h, k), 'b2': np.zeros(k)}


def scores(model, X):
    hidden = 1. / (1. + np.exp(-(X.dot(model['W1']) + model['b1'])))
    return hidden, hidden.dot(model['W2']) + model['b2']


def grads(model, X, y):
    hidden, s = scores(model, X)
    p = np.exp(s) / np.exp(s).sum(1)[:, None]
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    g = {'W2': hidden.T.dot(p), 'b2': p.sum(0)}
    dh = p.dot(model['W2'].T) * hidden * (1 - hidden)
    g['W1'] = X.T.dot(dh)
    g['b1'] = dh.sum(0)
    return g


def update(model, g, lr, batch_size):
    for key in g:
        model[key] -= lr / batch_size * g[key]


def fit(X, y, hidden=20, epochs=50, batch_size=16, lr=0.5):
    model = new_model(X.shape[1], hidden, y.max() + 1)
    for e in range(epochs):
        p = np.random.permutation(len(X))
        for i in range(0, len(X), batch_size):
            b = p[i:i + batch_size]
            update(model, grads(model, X[b], y[b]), lr, len(b))
    return model
