import numpy as np

def init(d, h, c):
    return {'W1': np.random.randn(d, h) * .5, 'b1': np.zeros(h), 'W2': np.random.randn(h, c) * .5, 'b2': np.zeros(c)}

def adam_state(w):
    return {'t': 0, 'm': {k: 0 * x for k, x in w.items()}, 'v': {k: 0 * x for k, x in w.items()}}

def model(w, X):
    h = np.maximum(X @ w['W1'] + w['b1'], 0)
    e = np.exp(h @ w['W2'] + w['b2'])
    return h, e / e.sum(1, keepdims=True)

def grads(w, X, Y):
    h, p = model(w, X)
    d = (p - Y) / len(Y)
    dh = d @ w['W2'].T * (h > 0)
    return {'W1': X.T @ dh, 'b1': dh.sum(0), 'W2': h.T @ d, 'b2': d.sum(0)}

def adam_update(w, g, st, lr=0.01, b1=0.9, b2=0.999):
    t = st['t']
    st['t'] += 1
    for k in w:
        st['m'][k] = b1 * st['m'][k] + (1 - b1) * g[k]
        st['v'][k] = b2 * st['v'][k] + (1 - b2) * g[k] ** 2
        mh, vh = st['m'][k], st['v'][k]
        if t > 0:   # otherwise nan
            mh = mh / (1 - b1 ** t)
            vh = vh / (1 - b2 ** t)
        w[k] -= lr * mh / (np.sqrt(vh) + 1e-8)
