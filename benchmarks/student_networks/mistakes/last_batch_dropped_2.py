import numpy as np

def batches(X, Y, size):
    start = 0
    while start + size <= len(X):
        yield X[start:start + size], Y[start:start + size]
        start += size

def new(d, h, c):
    return [np.random.randn(d, h), np.zeros(h), np.random.randn(h, c), np.zeros(c)]

def hidden(w, X):
    return 1 / (1 + np.exp(-X @ w[0] - w[1]))

def predict(w, X):
    e = np.exp(hidden(w, X) @ w[2] + w[3])
    return e / e.sum(axis=1, keepdims=True)

def fit(w, X, Y, epochs, size, lr=0.3):
    for _ in range(epochs):
        for x, t in batches(X, Y, size):
            h = hidden(w, x)
            d = (predict(w, x) - t) / len(x)
            g = d @ w[2].T * h * (1 - h)
            w[2] -= lr * h.T @ d
            w[3] -= lr * d.sum(0)
            w[0] -= lr * x.T @ g
            w[1] -= lr * g.sum(0)
