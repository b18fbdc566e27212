import numpy as np

def init_params(n_x, n_h, n_y):
    w1 = np.random.randn(n_h, n_x) * np.sqrt(1. / n_x)
    b1 = np.zeros((n_h, 1))
    w2 = np.random.randn(n_y, n_h) * np.sqrt(1. / n_h)
    b2 = np.zeros((n_y, 1))
    return w1, b1, w2, b2

def ReLU(Z):
    return np.maximum(0, Z)

def softmax(Z):
    expZ = np.exp(Z - np.max(Z, 0))
    return expZ / expZ.sum(0)

def forward_prop(w1, b1, w2, b2, X):
    Z1 = w1 @ X + b1
    A1 = ReLU(Z1)
    Z2 = w2 @ A1 + b2
    A2 = softmax(Z2)
    return Z1, A1, Z2, A2

def cost(A2, Y):
    return -np.log(A2[Y, np.arange(Y.size)]).mean()

def back_prop(Z1, A1, Z2, A2, w2, X, Y):
    Y_hot = np.eye(A2.shape[0])[Y].T
    dZ2 = A2 - Y_hot
    dw2 = dZ2 @ A1.T
    db2 = np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = w2.T @ dZ2 * (Z1 > 0)
    dw1 = dZ1 @ X.T
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    return dw1, db1, dw2, db2

def update_params(w1, b1, w2, b2, dw1, db1, dw2, db2, lr):
    return w1 - lr * dw1, b1 - lr * db1, w2 - lr * dw2, b2 - lr * db2

def train(X, Y, lr=0.01, iters=500):
    p = init_params(X.shape[0], 10, Y.max() + 1)
    for i in range(iters):
        state = forward_prop(*p, X)
        p = update_params(*p, *back_prop(*state, p[2], X, Y), lr)
        if i % 50 == 0:
            print(i, cost(state[-1], Y))
    return p
