import numpy as np

def init(d, h, c):
    return {"W1": np.random.randn(d, h), "b1": np.zeros(h), "W2": np.random.randn(h, c), "b2": np.zeros(c)}

def forward(p, X):
    h = np.tanh(X @ p["W1"] + p["b1"])
    e = np.exp(h @ p["W2"] + p["b2"])
    return h, e / e.sum(axis=1, keepdims=True)

def gradients(p, X, Y):
    h, out = forward(p, X)
    d = (out - Y) / len(X)
    dh = d @ p["W2"].T * (1 - h * h)
    return {"W1": X.T @ dh, "b1": dh.sum(0), "W2": h.T @ d, "b2": d.sum(0)}

def train(p, X, Y, epochs, batch_size, lr):
    for epoch in range(epochs):
        x = X[np.random.permutation(len(X))]
        t = Y[np.random.permutation(len(Y))]
        for start in range(0, len(X), batch_size):
            g = gradients(p, x[start:start + batch_size], t[start:start + batch_size])
            for k in p:
                p[k] -= lr * g[k]
