import numpy as np

def make(d, h, c):
    return {"W1": np.random.randn(h, d) * .5, "b1": np.zeros((h, 1)), "W2": np.random.randn(c, h) * .5, "b2": np.zeros((c, 1))}

def draw_mask(n_hidden, n_samples, keep):
    return (np.random.rand(n_hidden, n_samples) < keep).astype(float)

def forward(p, X, mask=1.0):
    t = np.tanh(p["W1"] @ X + p["b1"])
    e = np.exp(p["W2"] @ (t * mask) + p["b2"])
    return t, e / e.sum(axis=0)

def learn(p, X, y, mask, lr):
    t, q = forward(p, X, mask)
    q[y, np.arange(len(y))] -= 1
    q /= len(y)
    g = p["W2"].T @ q * mask * (1 - t ** 2)
    p["W2"] -= lr * q @ (t * mask).T
    p["b2"] -= lr * q.sum(axis=1, keepdims=True)
    p["W1"] -= lr * g @ X.T
    p["b1"] -= lr * g.sum(axis=1, keepdims=True)
