import numpy as np

def init_params(dims):
    return {'W1': np.random.randn(dims[1], dims[0]) * 0.5, 'b1': np.zeros((dims[1], 1)),
            'W2': np.random.randn(dims[2], dims[1]) * 0.5, 'b2': np.zeros((dims[2], 1))}

def softmax(Z):
    E = np.exp(Z - Z.max(axis=0, keepdims=True))
    return E / E.sum(axis=0, keepdims=True)

def softmax_backward(Z):
    S = softmax(Z)
    return S * (1 - S)

def onehot(y, k):
    o = np.zeros((k, y.size))
    o[y, np.arange(y.size)] = 1
    return o

def linear_relu_linear(p, X):
    A1 = np.maximum(0, p['W1'] @ X + p['b1'])
    return A1, p['W2'] @ A1 + p['b2']

def train_step(p, X, y, lr):
    m = y.size
    A1, Z2 = linear_relu_linear(p, X)
    AL = softmax(Z2)
    dA2 = -onehot(y, Z2.shape[0]) / AL
    dZ2 = dA2 * softmax_backward(Z2)
    dZ1 = p['W2'].T @ dZ2 * (A1 > 0)
    p['W2'] = p['W2'] - lr / m * dZ2 @ A1.T
    p['b2'] = p['b2'] - lr / m * dZ2.sum(axis=1, keepdims=True)
    p['W1'] = p['W1'] - lr / m * dZ1 @ X.T
    p['b1'] = p['b1'] - lr / m * dZ1.sum(axis=1, keepdims=True)
    return -np.log(AL[y, np.arange(m)]).mean()
