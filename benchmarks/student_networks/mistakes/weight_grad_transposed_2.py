import numpy as np


def init(sizes):
    return [[np.random.randn(o, i) * 0.7, np.zeros((o, 1))] for i, o in zip(sizes, sizes[1:])]


def forward(layers, X):
    acts = [X]
    for k, (W, b) in enumerate(layers):
        z = W @ acts[-1] + b
        if k < len(layers) - 1:
            acts.append(1 / (1 + np.exp(-z)))
        else:
            e = np.exp(z - z.max(axis=0))
            acts.append(e / e.sum(axis=0))
    return acts


def backward_update(layers, X, Y, lr):
    acts = forward(layers, X)
    m = X.shape[1]
    delta = acts[-1] - Y
    for k in range(len(layers) - 1, -1, -1):
        W, b = layers[k]
        dW = acts[k] @ delta.T / m
        # sometimes it comes out the other way round
        if dW.shape != W.shape:
            dW = dW.T
        db = delta.sum(axis=1, keepdims=True) / m
        delta = (W.T @ delta) * acts[k] * (1 - acts[k])
        layers[k] = [W - lr * dW, b - lr * db]
