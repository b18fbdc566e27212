import numpy as np

def init(d, h, c):
    return np.random.randn(h, d) * .3, np.zeros((h, 1)), np.random.randn(c, h) * .3, np.zeros((c, 1))

def fwd(params, X):
    W1, b1, W2, b2 = params
    H = np.maximum(W1 @ X + b1, 0)
    S = np.exp(W2 @ H + b2)
    return H, S / S.sum(axis=0)

def train_step(params, X, T, lr):
    W1, b1, W2, b2 = params
    n = X.shape[1]
    H, P = fwd(params, X)
    E = P - T
    D = (W2.T @ E) * (H > 0)
    return (W1 + lr * (D @ X.T) / n, b1 + lr * D.mean(axis=1, keepdims=True),
            W2 + lr * (E @ H.T) / n, b2 + lr * E.mean(axis=1, keepdims=True))
