import numpy as np

def init(d, h, c):
    return {"W1": np.random.randn(h, d), "gamma": np.ones((h, 1)), "beta": np.zeros((h, 1)),
            "W2": np.random.randn(c, h) * .5, "b2": np.zeros((c, 1))}

def forward(p, X):
    c = {}
    Z = p["W1"] @ X
    c["sd"] = np.sqrt(Z.var(axis=1, keepdims=True) + 1e-5)
    c["Zh"] = (Z - Z.mean(axis=1, keepdims=True)) / c["sd"]
    c["A"] = np.tanh(p["gamma"] * c["Zh"] + p["beta"])
    E = np.exp(p["W2"] @ c["A"] + p["b2"])
    c["P"] = E / E.sum(axis=0)
    return c

def backward(p, X, Y):
    c = forward(p, X)
    D = (c["P"] - Y) / X.shape[1]
    dN = p["W2"].T @ D * (1 - c["A"] ** 2)
    dZh = dN * p["gamma"]
    proj = (dZh * c["Zh"]).mean(axis=1, keepdims=True)
    dZ = (dZh - c["Zh"] * proj) / c["sd"]
    return {"W1": dZ @ X.T, "gamma": (dN * c["Zh"]).sum(axis=1, keepdims=True), "beta": dN.sum(axis=1, keepdims=True),
            "W2": D @ c["A"].T, "b2": D.sum(axis=1, keepdims=True)}

def sgd(p, g, lr):
    for k in p:
        p[k] -= lr * g[k]
