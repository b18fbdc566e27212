import numpy as np
from functools import reduce


def init_mlp(rng, sizes):
    return [(rng.normal(0, np.sqrt(2 / m), (m, n)), np.zeros(n)) for m, n in zip(sizes[:-1], sizes[1:])]


def apply(params, x):
    *hidden, last = params
    acts = [x]
    for w, b in hidden:
        acts.append(np.maximum(acts[-1] @ w + b, 0.0))
    w, b = last
    return acts[-1] @ w + b, acts


def log_softmax(z):
    m = z.max(axis=-1, keepdims=True)
    return z - m - np.log(np.sum(np.exp(z - m), axis=-1, keepdims=True))


def value_and_grad(params, x, onehot):
    logits, acts = apply(params, x)
    logp = log_softmax(logits)
    value = -np.mean(np.sum(onehot * logp, axis=-1))
    delta = (np.exp(logp) - onehot) / x.shape[0]
    grads = []
    for i in reversed(range(len(params))):
        grads.insert(0, (acts[i].T @ delta, delta.sum(axis=0)))
        if i > 0:
            delta = (delta @ params[i][0].T) * (acts[i] > 0)
    return value, grads


def tree_map(f, *trees):
    return [tuple(f(*leaves) for leaves in zip(*nodes)) for nodes in zip(*trees)]


def adam_init(params):
    zeros = tree_map(np.zeros_like, params)
    return {"step": 0, "mu": zeros, "nu": zeros}


def adam_update(params, grads, state, lr=1e-2, b1=0.9, b2=0.999, eps=1e-8):
    t = state["step"] + 1
    mu = tree_map(lambda m, g: b1 * m + (1 - b1) * g, state["mu"], grads)
    nu = tree_map(lambda v, g: b2 * v + (1 - b2) * g * g, state["nu"], grads)
    mhat = tree_map(lambda m: m / (1 - b1 ** t), mu)
    vhat = tree_map(lambda v: v / (1 - b2 ** t), nu)
    new = tree_map(lambda p, m, v: p - lr * m / (np.sqrt(v) + eps), params, mhat, vhat)
    return new, {"step": t, "mu": mu, "nu": nu}


def train_step(params, state, x, onehot):
    value, grads = value_and_grad(params, x, onehot)
    params, state = adam_update(params, grads, state)
    return params, state, value
