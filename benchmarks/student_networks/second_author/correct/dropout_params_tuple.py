import numpy as np


def init_weights(n_x, n_h, n_y):
    return (np.random.randn(n_x, n_h) / np.sqrt(n_x), np.zeros(n_h), np.random.randn(n_h, n_h) / np.sqrt(n_h), np.zeros(n_h),
            np.random.randn(n_h, n_y) / np.sqrt(n_h), np.zeros(n_y))


def sample_masks(n, n_h, p):
    # p is the probability of keeping a unit
    return [np.random.binomial(1, p, (n, n_h)) / p for _ in range(2)]


def forward(theta, x, masks=None):
    w1, b1, w2, b2, w3, b3 = theta
    m1, m2 = masks if masks is not None else (1.0, 1.0)
    h1 = np.tanh(x @ w1 + b1)
    d1 = h1 * m1
    h2 = np.tanh(d1 @ w2 + b2)
    d2 = h2 * m2
    o = d2 @ w3 + b3
    return o, (h1, d1, h2, d2)


def loss_grad(theta, x, y, masks):
    w1, b1, w2, b2, w3, b3 = theta
    m1, m2 = masks
    o, (h1, d1, h2, d2) = forward(theta, x, masks)
    p = np.exp(o - o.max(1, keepdims=True))
    p = p / p.sum(1, keepdims=True)
    nll = -np.log(p[np.arange(len(y)), y]).mean()
    go = (p - np.eye(p.shape[1])[y]) / len(y)
    g2 = (go @ w3.T) * m2 * (1 - h2 ** 2)
    g1 = (g2 @ w2.T) * m1 * (1 - h1 ** 2)
    return nll, (x.T @ g1, g1.sum(0), d1.T @ g2, g2.sum(0), d2.T @ go, go.sum(0))


def fit_batch(theta, x, y, rate, keep=0.6):
    nll, grads = loss_grad(theta, x, y, sample_masks(len(x), theta[2].shape[0], keep))
    return tuple(t - rate * g for t, g in zip(theta, grads)), nll


def predict(theta, x):
    return forward(theta, x)[0]
