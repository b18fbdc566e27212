import numpy as np

def init(d, h, c):
    return {"W1": np.random.randn(d, h), "gamma": np.ones(h), "beta": np.zeros(h), "W2": np.random.randn(h, c), "b2": np.zeros(c),
            "mean": np.zeros(h), "var": np.ones(h)}

def forward(net, X, mode):
    z = X @ net["W1"]
    if mode == "train":
        mu, var = z.mean(axis=0), z.var(axis=0)
        net["mean"] = 0.9 * net["mean"] + 0.1 * mu
        net["var"] = 0.9 * net["var"] + 0.1 * z.var(axis=0, ddof=1)
    else:
        mu, var = net["mean"], net["var"]
    isd = 1 / np.sqrt(var + 1e-5)
    n = (z - mu) * isd
    a = np.maximum(net["gamma"] * n + net["beta"], 0)
    s = a @ net["W2"] + net["b2"]
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return {"n": n, "isd": isd, "a": a, "p": e / e.sum(axis=1, keepdims=True)}

def train_step(net, X, T, lr):
    f = forward(net, X, mode="train")
    d = (f["p"] - T) / len(X)
    da = d @ net["W2"].T * (f["a"] > 0)
    dn = da * net["gamma"]
    dz = f["isd"] * (dn - dn.mean(axis=0) - f["n"] * (dn * f["n"]).mean(axis=0))
    for k, g in {"W1": X.T @ dz, "gamma": (da * f["n"]).sum(0), "beta": da.sum(0), "W2": f["a"].T @ d, "b2": d.sum(0)}.items():
        net[k] -= lr * g

def accuracy(net, X, y):
    p = forward(net, X, mode="train")["p"]
    return np.mean(p.argmax(axis=1) == y)
