import numpy as np

EPS = 1e-5
RHO = 0.9


def he(rows, cols):
    return np.random.randn(rows, cols) * np.sqrt(2.0 / cols)


def make_net(d, h, c):
    return dict(W1=he(h, d), gamma=np.ones((h, 1)), beta=np.zeros((h, 1)), W2=he(c, h), b2=np.zeros((c, 1)),
                mu=np.zeros((h, 1)), sigma2=np.ones((h, 1)))


def forward(net, X, is_train):
    Z = net['W1'] @ X
    if is_train:
        m = X.shape[1]
        mu = np.mean(Z, axis=1, keepdims=True)
        sigma2 = np.var(Z, axis=1, keepdims=True)
        net['mu'] = RHO * net['mu'] + (1 - RHO) * mu
        net['sigma2'] = RHO * net['sigma2'] + (1 - RHO) * sigma2 * m / (m - 1)
    else:
        mu, sigma2 = net['mu'], net['sigma2']
    s = np.sqrt(sigma2 + EPS)
    Zn = (Z - mu) / s
    Zt = net['gamma'] * Zn + net['beta']
    A = np.maximum(Zt, 0)
    S = net['W2'] @ A + net['b2']
    S = np.exp(S - S.max(axis=0))
    return S / S.sum(axis=0), (X, s, Zn, Zt, A)


def train_on_batch(net, X, Y, alpha):
    P, (X, s, Zn, Zt, A) = forward(net, X, True)
    m = X.shape[1]
    dS = (P - Y) / m
    grads = {'W2': dS @ A.T, 'b2': dS.sum(axis=1, keepdims=True)}
    dZt = net['W2'].T @ dS * (Zt > 0)
    grads['gamma'] = np.sum(dZt * Zn, axis=1, keepdims=True)
    grads['beta'] = np.sum(dZt, axis=1, keepdims=True)
    dZ = net['gamma'] / (m * s) * (m * dZt - grads['beta'] - Zn * grads['gamma'])
    grads['W1'] = dZ @ X.T
    for k in grads:
        net[k] = net[k] - alpha * grads[k]


def predict(net, X):
    return forward(net, X, False)[0]
