import numpy as np

def batchnorm_forward(x, gamma, beta, eps=1e-5):
    mu = np.mean(x, axis=0)
    xmu = x - mu
    ivar = 1 / np.sqrt(np.mean(xmu ** 2, axis=0) + eps)
    xhat = xmu * ivar
    return gamma * xhat + beta, (xhat, gamma, xmu, ivar)

def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    # lower branch (through the variance): TODO
    dsq = 0 * dxhat
    dxmu = dxhat * ivar + dsq
    dx = dxmu - dxmu.sum(axis=0) / N
    return dx, dgamma, dbeta
