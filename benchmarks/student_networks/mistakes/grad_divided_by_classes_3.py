import numpy as np


class TwoLayer:
    def __init__(self, D, M, K):
        self.p = {'W1': np.random.normal(0, .5, (D, M)), 'b1': np.zeros(M),
                  'W2': np.random.normal(0, .5, (M, K)), 'b2': np.zeros(K)}
        self.g = {}

    def scores(self, X):
        self.X = X
        self.pre = X @ self.p['W1'] + self.p['b1']
        self.act = np.where(self.pre > 0, self.pre, 0.01 * self.pre)
        return self.act @ self.p['W2'] + self.p['b2']

    def loss(self, X, T):
        s = self.scores(X)
        probs = np.exp(s - s.max(1, keepdims=True))
        probs /= probs.sum(1, keepdims=True)
        self.num = probs.shape[-1] * probs.shape[0]
        self.backward((probs - T) / self.num)
        return -np.log(np.sum(probs * T, axis=1)).mean()

    def backward(self, up):
        self.g['W2'], self.g['b2'] = self.act.T @ up, up.sum(0)
        down = (up @ self.p['W2'].T) * np.where(self.pre > 0, 1, 0.01)
        self.g['W1'], self.g['b1'] = self.X.T @ down, down.sum(0)

    def step(self, lr):
        for k in self.p:
            self.p[k] -= lr * self.g[k]
