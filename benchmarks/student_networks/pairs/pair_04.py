import numpy as np

class TwoLayerNet:
    def __init__(self, D, H, C, std=0.3):
        self.params = dict(W1=std * np.random.randn(D, H), b1=np.zeros(H), W2=std * np.random.randn(H, C), b2=np.zeros(C))

    def loss(self, X, y=None, reg=0.0):
        W1, b1, W2, b2 = [self.params[k] for k in ("W1", "b1", "W2", "b2")]
        pre = X.dot(W1) + b1
        h = np.maximum(0, pre)
        s = h.dot(W2) + b2
        if y is None:
            return s
        N = X.shape[0]
        s = s - s.max(axis=1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(N), y]).mean() + reg * ((W1 ** 2).sum() + (W2 ** 2).sum())
        ds = p.copy()
        ds[np.arange(N), y] -= 1
        ds /= N
        dh = ds.dot(W2.T) * (pre > 0)
        grads = {}
        grads["W2"] = pre.T.dot(ds) + reg * W2
        grads["b2"] = ds.sum(axis=0)
        grads["W1"] = X.T.dot(dh) + reg * W1
        grads["b1"] = dh.sum(axis=0)
        return loss, grads
