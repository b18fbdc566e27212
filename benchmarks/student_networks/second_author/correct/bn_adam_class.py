import numpy as np


class BatchNormMLP:
    def __init__(self, d, h, c, lr=0.01, bn_eps=1e-3, adam_eps=1e-3):
        self.p = {
            'W1': np.random.randn(d, h) * np.sqrt(2 / d), 'gamma': np.ones(h), 'beta': np.zeros(h),
            'W2': np.random.randn(h, c) * np.sqrt(2 / h), 'b2': np.zeros(c),
        }
        self.m = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.t = 0
        self.lr, self.bn_eps, self.adam_eps = lr, bn_eps, adam_eps
        self.moving_mean, self.moving_var = np.zeros(h), np.ones(h)

    def forward(self, X, training):
        c = {'X': X}
        a = X @ self.p['W1']
        if training:
            n = len(X)
            mean, var = a.mean(axis=0), a.var(axis=0)
            self.moving_mean = 0.9 * self.moving_mean + 0.1 * mean
            self.moving_var = 0.9 * self.moving_var + 0.1 * var * n / (n - 1)
        else:
            mean, var = self.moving_mean, self.moving_var
        c['std'] = np.sqrt(var + self.bn_eps)
        c['norm'] = (a - mean) / c['std']
        c['act'] = np.tanh(self.p['gamma'] * c['norm'] + self.p['beta'])
        s = c['act'] @ self.p['W2'] + self.p['b2']
        s = np.exp(s - s.max(axis=1, keepdims=True))
        c['prob'] = s / s.sum(axis=1, keepdims=True)
        return c

    def train_batch(self, X, Y):
        c = self.forward(X, True)
        n = len(X)
        ds = (c['prob'] - Y) / n
        du = (ds @ self.p['W2'].T) * (1 - c['act'] ** 2)
        dn = du * self.p['gamma']
        da = (dn - dn.mean(axis=0) - c['norm'] * np.mean(dn * c['norm'], axis=0)) / c['std']
        g = {'W1': X.T @ da, 'gamma': np.sum(du * c['norm'], axis=0), 'beta': du.sum(axis=0), 'W2': c['act'].T @ ds, 'b2': ds.sum(axis=0)}
        self.t += 1
        for k in self.p:
            self.m[k] = 0.9 * self.m[k] + 0.1 * g[k]
            self.v[k] = 0.999 * self.v[k] + 0.001 * g[k] ** 2
            m_hat = self.m[k] / (1 - 0.9 ** self.t)
            v_hat = self.v[k] / (1 - 0.999 ** self.t)
            self.p[k] = self.p[k] - self.lr * m_hat / (np.sqrt(v_hat) + self.adam_eps)

    def predict_proba(self, X):
        return self.forward(X, False)['prob']
