import numpy as np

def init_params(a, b, c):
    return (np.random.rand(b, a) - .5, np.random.rand(b, 1) - .5, np.random.rand(c, b) - .5, np.random.rand(c, 1) - .5)

def forward_prop(params, X):
    W1, b1, W2, b2 = params
    Z1 = W1.dot(X) + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2.dot(A1) + b2
    A2 = np.exp(Z2 - Z2.max(axis=0))
    A2 = A2 / A2.sum(axis=0)
    return Z1, A1, Z2, A2

def backward_prop(params, X, Y):
    W1, b1, W2, b2 = params
    Z1, A1, Z2, A2 = forward_prop(params, X)
    m = X.shape[1]
    dZ2 = A2.copy()
    dZ2[Y, np.arange(m)] -= 1
    dW2 = dZ2.dot(Z1.T) / m
    db2 = dZ2.sum(axis=1, keepdims=True) / m
    dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
    dW1 = dZ1.dot(X.T) / m
    db1 = dZ1.sum(axis=1, keepdims=True) / m
    return dW1, db1, dW2, db2

def update(params, grads, alpha):
    return tuple(p - alpha * g for p, g in zip(params, grads))
