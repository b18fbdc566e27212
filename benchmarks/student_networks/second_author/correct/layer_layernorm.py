import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    xt = x.T
    mu = xt.mean(axis=0)
    std = np.sqrt(xt.var(axis=0) + eps)
    norm = ((xt - mu) / std).T
    return gamma * norm + beta, (norm, gamma, std)


def layernorm_backward(dout, cache):
    norm, gamma, std = cache
    D = dout.shape[1]
    dgamma = (dout * norm).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dn = (dout * gamma).T
    nt = norm.T
    dx = (D * dn - dn.sum(axis=0) - nt * (dn * nt).sum(axis=0)) / (D * std)
    return dx.T, dgamma, dbeta
