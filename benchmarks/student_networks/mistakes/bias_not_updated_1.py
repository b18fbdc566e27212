import numpy as np

def params(d, h, c):
    return {"W1": np.random.randn(d, h) * 0.5, "b1": np.zeros(h), "W2": np.random.randn(h, c) * 0.5, "b2": np.zeros(c)}

def forward(P, X):
    h = np.tanh(X @ P["W1"] + P["b1"])
    z = h @ P["W2"] + P["b2"]
    z = z - z.max(axis=1, keepdims=True)
    return h, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

def backward(P, X, T):
    h, p = forward(P, X)
    g = (p - T) / len(X)
    gh = g @ P["W2"].T * (1 - h ** 2)
    return {"W1": X.T @ gh, "b1": gh.sum(0), "W2": h.T @ g, "b2": g.sum(0)}

def update(P, G, lr):
    for k in P:
        if k.startswith("W"):
            P[k] -= lr * G[k]
