import numpy as np


class Classifier(object):
    def __init__(self, input_dim, hidden_dim, num_classes, weight_scale=0.3):
        self.params = {
            'W1': weight_scale * np.random.randn(input_dim, hidden_dim),
            'b1': np.zeros(hidden_dim),
            'W2': weight_scale * np.random.randn(hidden_dim, num_classes),
            'b2': np.zeros(num_classes),
        }

    def loss(self, X, y=None):
        W1, b1, W2, b2 = self.params.values()
        pre = X.dot(W1) + b1
        hid = 1.0 / (1.0 + np.exp(-pre))
        scores = hid.dot(W2) + b2
        if y is None:
            return scores
        N = len(y)
        scores = scores - scores.max(axis=1, keepdims=True)
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        loss = -np.log(p[range(N), y]).mean()
        grads = {}
        dscores = p
        dscores[range(N), y] -= 1
        dscores /= N
        grads['W2'] = pre.T.dot(dscores)
        grads['b2'] = dscores.sum(axis=0)
        dpre = dscores.dot(W2.T) * hid * (1 - hid)
        grads['W1'] = X.T.dot(dpre)
        grads['b1'] = dpre.sum(axis=0)
        return loss, grads

    def apply(self, grads, lr):
        for k in grads:
            self.params[k] -= lr * grads[k]
