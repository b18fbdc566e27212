import numpy as np

def init_params(d, h, k):
    W1 = np.random.rand(h, d) - 0.5
    b1 = np.random.rand(h, 1) - 0.5
    W2 = np.random.rand(8, h) - 0.5
    b2 = np.random.rand(8, 1) - 0.5
    W3 = np.random.rand(k, 8) - 0.5
    b3 = np.random.rand(k, 1) - 0.5
    return [W1, b1, W2, b2, W3, b3]

def ReLU(Z):
    return np.maximum(Z, 0)

def deriv_ReLU(Z):
    return Z > 0

def softmax(Z):
    return np.exp(Z) / np.sum(np.exp(Z), axis=0)

def forward_prop(params, X):
    W1, b1, W2, b2, W3, b3 = params
    f = {}
    f['Z1'] = W1 @ X + b1
    f['A1'] = ReLU(f['Z1'])
    f['Z2'] = W2 @ f['A1'] + b2
    f['A2'] = ReLU(f['Z2'])
    f['Z3'] = W3 @ f['A2'] + b3
    f['A3'] = softmax(f['Z3'])
    return f

def one_hot(Y, k):
    return (np.arange(k)[:, None] == Y).astype(float)

def gradient_step(params, X, Y, alpha):
    W1, b1, W2, b2, W3, b3 = params
    f = forward_prop(params, X)
    m = Y.size
    dZ3 = f['A3'] - one_hot(Y, len(W3))
    dZ2 = W3.T @ dZ3
    dZ1 = W2.T @ dZ2 * deriv_ReLU(f['Z1'])
    out = []
    for W, b, dZ, A in ((W1, b1, dZ1, X), (W2, b2, dZ2, f['A1']), (W3, b3, dZ3, f['A2'])):
        out += [W - alpha * dZ @ A.T / m, b - alpha * dZ.sum(axis=1, keepdims=True) / m]
    return out
