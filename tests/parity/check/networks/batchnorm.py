import numpy as np


def init(n_in, n_hidden, n_out):
    return {
        "W1": np.random.randn(n_in, n_hidden),
        "gamma": np.ones(n_hidden),
        "beta": np.zeros(n_hidden),
        "W2": np.random.randn(n_hidden, n_out) * 0.5,
        "b2": np.zeros(n_out),
        "mean": np.zeros(n_hidden),
        "var": np.ones(n_hidden),
    }


def forward(net, X, train):
    z = X @ net["W1"]
    if train:
        mu, var = z.mean(axis=0), z.var(axis=0)
        net["mean"] = 0.9 * net["mean"] + 0.1 * mu
        net["var"] = 0.9 * net["var"] + 0.1 * z.var(axis=0, ddof=1)
    else:
        mu, var = net["mean"], net["var"]
    sd = np.sqrt(var + 1e-3)
    n = (z - mu) / sd
    h = np.maximum(net["gamma"] * n + net["beta"], 0)
    e = np.exp(h @ net["W2"] + net["b2"])
    return e / e.sum(axis=1, keepdims=True), (n, sd, h)


def train_step(net, X, Y, lr):
    p, (n, sd, h) = forward(net, X, True)
    d = (p - Y) / len(X)
    dh = d @ net["W2"].T * (h > 0)
    dn = dh * net["gamma"]
    dz = (dn - dn.mean(axis=0) - n * (dn * n).mean(axis=0)) / sd
    grads = {"W1": X.T @ dz, "gamma": (dh * n).sum(axis=0), "beta": dh.sum(axis=0), "W2": h.T @ d, "b2": d.sum(axis=0)}
    for name, grad in grads.items():
        net[name] -= lr * grad


def predict_proba(net, X):
    return forward(net, X, False)[0]
