import numpy as np


def linear(n_in, n_out, scale=None):
    w = np.random.randn(n_in, n_out) * (scale or np.sqrt(2 / n_in))
    b = np.zeros(n_out)
    cache = {}

    def forward(x):
        cache['x'] = x
        return x @ w + b

    def backward(d):
        cache['dw'], cache['db'] = cache['x'].T @ d / len(d), d.mean(0)
        return d @ w.T

    def update(lr):
        nonlocal w, b
        w = w - lr * cache['dw']
        b = b - lr * cache['db']

    def params():
        return [w, b]

    return forward, backward, update, params


def relu():
    cache = {}

    def forward(x):
        cache['out'] = x * (x > 0)
        return cache['out']

    def backward(d):
        return d * (cache['out'] > 0)

    return forward, backward, lambda lr: None, lambda: []


def mlp(n_in, n_hidden, n_out):
    layers = [linear(n_in, n_hidden), relu(), linear(n_hidden, n_hidden), relu(), linear(n_hidden, n_out, 0.5)]

    def predict(x):
        for forward, *_ in layers:
            x = forward(x)
        return x

    def train(x, labels, lr):
        scores = predict(x)
        e = np.exp(scores - scores.max(1)[:, None])
        probs = e / e.sum(1)[:, None]
        onehot = np.eye(scores.shape[1])[labels]
        d = (probs - onehot) / len(x)
        for _, backward, _, _ in layers[::-1]:
            d = backward(d)
        for _, _, update, _ in layers:
            update(lr)
        return -(onehot * np.log(probs)).sum() / len(x)

    def weights():
        return [p for *_, params in layers for p in params()]

    return predict, train, weights
