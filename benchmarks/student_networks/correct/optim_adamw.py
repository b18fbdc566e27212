import numpy as np


def adamw_step(params, grads, state, lr=1e-3, wd=1e-2, betas=(0.9, 0.999), eps=1e-8):
    state["t"] += 1
    t = state["t"]
    state.setdefault("m", [np.zeros_like(p) for p in params])
    state.setdefault("v", [np.zeros_like(p) for p in params])
    for i, (p, g) in enumerate(zip(params, grads)):
        p *= 1 - lr * wd
        state["m"][i] = betas[0] * state["m"][i] + (1 - betas[0]) * g
        state["v"][i] = betas[1] * state["v"][i] + (1 - betas[1]) * g * g
        mh = state["m"][i] / (1 - betas[0] ** t)
        vh = state["v"][i] / (1 - betas[1] ** t)
        p -= lr * mh / (np.sqrt(vh) + eps)
