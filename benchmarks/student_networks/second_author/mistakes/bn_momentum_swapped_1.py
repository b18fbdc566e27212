import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param['mode']
    eps = bn_param.get('eps', 1e-5)
    momentum = bn_param.get('momentum', 0.9)
    N, D = x.shape
    running_mean = bn_param.get('running_mean', np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get('running_var', np.ones(D, dtype=x.dtype))
    cache = None
    if mode == 'train':
        mu = x.mean(axis=0)
        var = x.var(axis=0)
        std = np.sqrt(var + eps)
        xhat = (x - mu) / std
        out = gamma * xhat + beta
        cache = (xhat, gamma, std)
        running_mean = (1 - momentum) * running_mean + momentum * mu
        running_var = (1 - momentum) * running_var + momentum * x.var(axis=0, ddof=1)
    elif mode == 'test':
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
    bn_param['running_mean'] = running_mean
    bn_param['running_var'] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    xhat, gamma, std = cache
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / std
    return dx, dgamma, dbeta


def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    mask = None
    if mode == 'train':
        mask = (np.random.rand(*x.shape) < p) / p
        x = x * mask
    return x, mask


def dropout_backward(dout, mask):
    return dout * mask


class FullyConnectedNet(object):
    """{affine - batch norm - relu - dropout} - affine - softmax"""

    def __init__(self, input_dim, hidden_dim, num_classes, keep=0.75, weight_scale=0.5):
        self.params = {'W1': np.random.normal(0, weight_scale, (input_dim, hidden_dim)),
                       'gamma1': np.ones(hidden_dim), 'beta1': np.zeros(hidden_dim),
                       'W2': np.random.normal(0, weight_scale, (hidden_dim, num_classes)),
                       'b2': np.zeros(num_classes)}
        self.bn_param = {'mode': 'train'}
        self.dropout_param = {'mode': 'train', 'p': keep}

    def loss(self, X, y=None):
        mode = 'test' if y is None else 'train'
        self.bn_param['mode'] = mode
        self.dropout_param['mode'] = mode
        p = self.params

        a = X.dot(p['W1'])
        bn, bn_cache = batchnorm_forward(a, p['gamma1'], p['beta1'], self.bn_param)
        r = np.maximum(bn, 0)
        h, self.drop_cache = dropout_forward(r, self.dropout_param)
        scores = h.dot(p['W2']) + p['b2']
        if mode == 'test':
            return scores

        scores = scores - scores.max(axis=1, keepdims=True)
        probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        N = X.shape[0]
        loss = -np.log(probs[np.arange(N), y]).mean()

        grads = {}
        dscores = probs
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads['W2'] = h.T.dot(dscores)
        grads['b2'] = dscores.sum(axis=0)
        dr = dropout_backward(dscores.dot(p['W2'].T), self.drop_cache)
        dbn = dr * (bn > 0)
        da, grads['gamma1'], grads['beta1'] = batchnorm_backward(dbn, bn_cache)
        grads['W1'] = X.T.dot(da)
        return loss, grads


def step(model, X, y, lr=0.1):
    loss, grads = model.loss(X, y)
    for p, w in model.params.items():
        w -= lr * grads[p]
    return loss
