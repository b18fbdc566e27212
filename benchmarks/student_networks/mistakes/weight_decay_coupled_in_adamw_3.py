import numpy as np

def adamw(theta, grad, state, lr, wd, b1=0.9, b2=0.999, eps=1e-8):
    state["t"] = t = state.get("t", 0) + 1
    for k, g in grad.items():
        m, v = state.get(k, (np.zeros_like(g), np.zeros_like(g)))
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g ** 2
        state[k] = (m, v)
        mh, vh = m / (1 - b1 ** t), v / (1 - b2 ** t)
        upd = (mh + wd * theta[k]) / (np.sqrt(vh) + eps)
        theta[k] = theta[k] - lr * upd
