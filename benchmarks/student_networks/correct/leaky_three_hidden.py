import numpy as np

ALPHA = 0.1


def make_params(sizes):
    p = {}
    for i, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:]), 1):
        p[f"W{i}"] = np.random.randn(fan_in, fan_out) * np.sqrt(2 / fan_in)
        p[f"b{i}"] = np.zeros(fan_out)
    return p


def lrelu(z):
    return np.where(z >= 0, z, ALPHA * z)


def forward(p, x):
    n = len(p) // 2
    cache = {"a0": x}
    for i in range(1, n + 1):
        z = cache[f"a{i - 1}"] @ p[f"W{i}"] + p[f"b{i}"]
        cache[f"z{i}"] = z
        cache[f"a{i}"] = z if i == n else lrelu(z)
    return cache[f"a{n}"], cache


def nll(logits, y):
    m = logits.max(axis=1, keepdims=True)
    return np.mean(m[:, 0] + np.log(np.exp(logits - m).sum(axis=1)) - logits[np.arange(len(y)), y])


def backward(p, cache, y):
    n = len(p) // 2
    logits = cache[f"a{n}"]
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs = probs / probs.sum(axis=1, keepdims=True)
    probs[np.arange(len(y)), y] -= 1
    dz = probs / len(y)
    grads = {}
    for i in range(n, 0, -1):
        grads[f"W{i}"] = cache[f"a{i - 1}"].T @ dz
        grads[f"b{i}"] = np.einsum("nk->k", dz)
        if i > 1:
            dz = (dz @ p[f"W{i}"].T) * np.where(cache[f"z{i - 1}"] >= 0, 1.0, ALPHA)
    return grads


def sgd(p, grads, lr):
    for k in p:
        p[k] = p[k] - lr * grads[k]
