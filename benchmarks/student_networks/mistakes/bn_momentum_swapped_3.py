import numpy as np

def bn_forward(x, st, train=True, rho=0.1, eps=1e-5):
    n, c, h, w = x.shape
    f = np.moveaxis(x, 1, -1).reshape(-1, c)
    if train:
        mu, var = f.mean(axis=0), f.var(axis=0)
        st['mean'] = rho * st['mean'] + (1 - rho) * mu
        st['var'] = rho * st['var'] + (1 - rho) * var * len(f) / (len(f) - 1)
    else:
        mu, var = st['mean'], st['var']
    sd = np.sqrt(var + eps)
    z = (f - mu) / sd
    out = z * st['gamma'] + st['beta']
    return np.moveaxis(out.reshape(n, h, w, c), -1, 1), (z, sd, st['gamma'], x.shape)

def bn_backward(dout, cache):
    z, sd, gamma, (n, c, h, w) = cache
    d = np.moveaxis(dout, 1, -1).reshape(-1, c)
    dgamma, dbeta = (d * z).sum(axis=0), d.sum(axis=0)
    m = len(d)
    dx = gamma / sd * (d - dbeta / m - z * dgamma / m)
    return np.moveaxis(dx.reshape(n, h, w, c), -1, 1), dgamma, dbeta
