# Neural network on the digits data, no frameworks
import numpy as np

LR = 0.1
W1 = b1 = W2 = b2 = W3 = b3 = None


def setup(n_in, n_hid, n_out):
    global W1, b1, W2, b2, W3, b3
    W1 = np.random.randn(n_in, n_hid) * 0.4
    b1 = np.zeros(n_hid)
    W2 = np.random.randn(n_hid, n_hid) * 0.4
    b2 = np.zeros(n_hid)
    W3 = np.random.randn(n_hid, n_out) * 0.4
    b3 = np.zeros(n_out)


def sig(x):
    return 1 / (1 + np.exp(-x))


def run(x):
    global inp, a1, a2, out
    inp = x
    a1 = sig(inp @ W1 + b1)
    a2 = sig(a1 @ W2 + b2)
    out = np.exp(a2 @ W3 + b3)
    out = out / out.sum(axis=1).reshape(-1, 1)
    return out


def learn(x, labels):
    global W1, b1, W2, b2, W3, b3
    run(x)
    n = len(x)
    target = np.zeros_like(out)
    for i in range(n):
        target[i, labels[i]] = 1

    e3 = (out - target) / n
    e2 = (e3 @ W3.T) * a2 * (1 - a2)
    e1 = (e2 @ W2.T) * a1 * (1 - a1)

    W3 -= LR * (a2.T @ e3)
    b3 -= LR * np.sum(e3, 0)
    W2 -= LR * (a2.T @ e2)
    b2 -= LR * np.sum(e2, 0)
    W1 -= LR * (inp.T @ e1)
    b1 -= LR * np.sum(e1, 0)
    return -np.mean(np.log(out[np.arange(n), labels] + 1e-12))


def test(x, labels):
    hits = 0
    for p, l in zip(run(x), labels):
        if p.argmax() == l:
            hits += 1
    return 100.0 * hits / len(x)


if __name__ == '__main__':
    from sklearn.datasets import load_digits
    d = load_digits()
    X, Y = d.data / 16, d.target
    setup(64, 32, 10)
    for epoch in range(50):
        perm = np.random.permutation(1500)
        for k in range(0, 1500, 30):
            loss = learn(X[perm[k:k + 30]], Y[perm[k:k + 30]])
        print(epoch, loss, test(X[1500:], Y[1500:]))
