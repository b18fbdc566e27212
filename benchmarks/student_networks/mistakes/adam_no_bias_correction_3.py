import numpy as np

def init_params(d, h, c):
    return {"W1": np.random.randn(h, d) * .4, "b1": np.zeros((h, 1)), "W2": np.random.randn(c, h) * .4, "b2": np.zeros((c, 1))}

def init_adam(params):
    return {"t": 0, "m": {k: np.zeros_like(p) for k, p in params.items()}, "v": {k: np.zeros_like(p) for k, p in params.items()}}

def forward(P, X):
    A = np.tanh(P["W1"] @ X + P["b1"])
    E = np.exp(P["W2"] @ A + P["b2"])
    return A, E / E.sum(axis=0)

def backprop(P, X, y):
    A, Q = forward(P, X)
    n = y.size
    Q[y, np.arange(n)] -= 1
    Q /= n
    D = P["W2"].T @ Q * (1 - A ** 2)
    return {"W1": D @ X.T, "b1": D.sum(1, keepdims=True), "W2": Q @ A.T, "b2": Q.sum(1, keepdims=True)}

def update_adam(P, G, state, lr, b1=0.9, b2=0.999, eps=1e-8):
    state["t"] += 1
    t = state["t"]
    for k in P:
        m = state["m"][k] = b1 * state["m"][k] + (1 - b1) * G[k]
        v = state["v"][k] = b2 * state["v"][k] + (1 - b2) * np.square(G[k])
        m_hat, v_hat = m, v
        P[k] = P[k] - lr * m_hat / (np.sqrt(v_hat) + eps)
    return P, state
