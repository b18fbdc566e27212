import numpy as np

def start(d, h, c):
    return [np.random.randn(d, h), np.zeros(h), np.random.randn(h, c), np.zeros(c)]

def predict(w, X):
    s = np.tanh(X @ w[0] + w[1]) @ w[2] + w[3]
    e = np.exp(s - s.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)

def train(w, X, T, epochs, size):
    for epoch in range(1, epochs + 1):
        eta = 0.4 * 0.5 ** epoch
        for i in range(0, len(X), size):
            x, t = X[i:i + size], T[i:i + size]
            h = np.tanh(x @ w[0] + w[1])
            d = (predict(w, x) - t) / size
            g = d @ w[2].T * (1 - h ** 2)
            for p, q in zip(w, (x.T @ g, g.sum(0), h.T @ d, d.sum(0))):
                p -= eta * q
