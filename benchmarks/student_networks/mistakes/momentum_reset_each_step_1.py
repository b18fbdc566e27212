import numpy as np

MOMENTUM = 0.9

def weights(d, h, c):
    return {'W1': np.random.randn(d, h), 'b1': np.zeros(h), 'W2': np.random.randn(h, c), 'b2': np.zeros(c)}

def forward(params, X):
    h = 1 / (1 + np.exp(-(X @ params['W1'] + params['b1'])))
    e = np.exp(h @ params['W2'] + params['b2'])
    return h, e / e.sum(1, keepdims=True)

def gradient(params, X, Y):
    h, p = forward(params, X)
    d = (p - Y) / len(X)
    dh = d @ params['W2'].T * h * (1 - h)
    return {'W1': X.T @ dh, 'b1': dh.sum(0), 'W2': h.T @ d, 'b2': d.sum(0)}

def update(params, grads, lr):
    velocity = {k: np.zeros_like(p) for k, p in params.items()}
    for k in params:
        velocity[k] = MOMENTUM * velocity[k] + grads[k]
        params[k] -= lr * velocity[k]
