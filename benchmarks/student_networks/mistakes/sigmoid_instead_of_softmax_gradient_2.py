import numpy as np

def make(d, h, c):
    return [np.random.randn(h, d) * .7, np.zeros((h, 1)), np.random.randn(c, h) * .7, np.zeros((c, 1))]

def score(w, X):
    A = np.tanh(w[0] @ X + w[1])
    return A, w[2] @ A + w[3]

def output(w, X):
    S = score(w, X)[1]
    return np.exp(S - S.max(axis=0)) / np.exp(S - S.max(axis=0)).sum(axis=0)

def loss(w, X, y):
    S = score(w, X)[1]
    return np.mean(np.log(np.exp(S).sum(axis=0)) - S[y, np.arange(y.size)])

def gradient(w, X, y):
    A, S = score(w, X)
    P = 1 / (1 + np.exp(-S))
    P[y, np.arange(y.size)] -= 1
    P /= y.size
    D = w[2].T @ P * (1 - A ** 2)
    return [D @ X.T, D.sum(1, keepdims=True), P @ A.T, P.sum(1, keepdims=True)]

def descend(w, g, lr):
    return [a - lr * b for a, b in zip(w, g)]
