import numpy as np

class TwoLayerNet(object):
    def __init__(self, input_size, hidden_size, output_size, std=0.3):
        self.params = {'W1': std * np.random.randn(input_size, hidden_size), 'b1': np.zeros(hidden_size),
                       'W2': std * np.random.randn(hidden_size, output_size), 'b2': np.zeros(output_size)}

    def loss(self, X, y=None):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']
        N = X.shape[0]
        h = np.tanh(X.dot(W1) + b1)
        scores = h.dot(W2) + b2
        if y is None:
            return scores
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(N), y]).sum()
        dscores = p
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads = {'W2': h.T.dot(dscores), 'b2': dscores.sum(axis=0)}
        dh = dscores.dot(W2.T) * (1 - h ** 2)
        grads['W1'] = X.T.dot(dh)
        grads['b1'] = dh.sum(axis=0)
        return loss, grads
