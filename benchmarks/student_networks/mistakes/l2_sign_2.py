import numpy as np

def init(a, b, c):
    return [(np.random.randn(b, a), np.zeros((b, 1))), (np.random.randn(c, b), np.zeros((c, 1)))]

def forward(net, X):
    (W1, b1), (W2, b2) = net
    A = 1 / (1 + np.exp(-(W1 @ X + b1)))
    E = np.exp(W2 @ A + b2)
    return A, E / np.sum(E, axis=0)

def cost(net, X, Y, lam):
    return -np.sum(Y * np.log(forward(net, X)[1])) / X.shape[1] + lam * sum(np.sum(W ** 2) for W, b in net)

def step(net, X, Y, eta, lam):
    A, P = forward(net, X)
    D2 = (P - Y) / X.shape[1]
    D1 = net[1][0].T @ D2 * A * (1 - A)
    for (W, b), D, I in zip(net, (D1, D2), (X, A)):
        W *= 1 + 2 * eta * lam
        W -= eta * D @ I.T
        b -= eta * D.sum(axis=1, keepdims=True)
