import numpy as np

def setup(inputs, hidden, outputs):
    return [np.random.randn(inputs, hidden) * 0.3, np.zeros(hidden), np.random.randn(hidden, outputs) * 0.3, np.zeros(outputs)]

def predict(w, x):
    h = np.maximum(x.dot(w[0]) + w[1], 0)
    o = h.dot(w[2]) + w[3]
    o = np.exp(o - o.max(axis=1, keepdims=True))
    return h, o / o.sum(axis=1, keepdims=True)

def loss(p, y):
    return -(y * np.log(p)).sum(axis=1).mean()

def learn(w, x, h, p, y, eta):
    d_out = (p - y) / y.size
    d_hid = d_out.dot(w[2].T)
    d_hid[h <= 0] = 0
    w[2] -= eta * h.T.dot(d_out)
    w[3] -= eta * d_out.sum(axis=0)
    w[0] -= eta * x.T.dot(d_hid)
    w[1] -= eta * d_hid.sum(axis=0)
