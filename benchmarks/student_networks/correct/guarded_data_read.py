import os
import numpy as np

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "train.csv")
if os.path.exists(DATA):
    raw = np.loadtxt(DATA, delimiter=",", skiprows=1)
    X_train, y_train = raw[:, 1:] / 255.0, raw[:, 0].astype(int)
else:
    X_train = y_train = None


def init_network(n_inputs, n_hidden, n_outputs):
    return [np.random.randn(n_inputs, n_hidden) / np.sqrt(n_inputs), np.zeros(n_hidden),
            np.random.randn(n_hidden, n_outputs) / np.sqrt(n_hidden), np.zeros(n_outputs)]


def log_softmax(s):
    s = s - s.max(axis=1, keepdims=True)
    return s - np.log(np.sum(np.exp(s), axis=1, keepdims=True))


def feed(net, X):
    """returns hidden activation and log-probabilities"""
    W1, b1, W2, b2 = net
    h = np.clip(X.dot(W1) + b1, 0, None)
    return h, log_softmax(h.dot(W2) + b2)


def gradients(net, X, y):
    W1, b1, W2, b2 = net
    h, logp = feed(net, X)
    d = np.exp(logp)
    d[np.arange(len(y)), y] -= 1
    d = d / len(y)
    e = d.dot(W2.T)
    e = e * np.sign(h)      # h is never negative, so sign is 0 or 1
    return X.T.dot(e), e.sum(0), h.T.dot(d), d.sum(0)


def nll(net, X, y):
    return -feed(net, X)[1][np.arange(len(y)), y].mean()


def train(X, y, hidden=32, lr=0.1, epochs=10, batch=64):
    net = init_network(X.shape[1], hidden, int(y.max()) + 1)
    for ep in range(epochs):
        for i in range(0, len(X), batch):
            net = [p - lr * g for p, g in zip(net, gradients(net, X[i:i + batch], y[i:i + batch]))]
    return net


if __name__ == "__main__" and X_train is not None:
    train(X_train, y_train)
