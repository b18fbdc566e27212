import numpy as np


class MomentumNet:
    def __init__(self, n_features, n_hidden, n_classes, lr=0.01, mu=0.9, random_state=None):
        rs = np.random.RandomState(random_state)
        self.lr, self.mu = lr, mu
        lim = np.sqrt(6 / (n_features + n_hidden))
        self.w_hidden = rs.uniform(-lim, lim, (n_features, n_hidden))
        self.b_hidden = np.zeros(n_hidden)
        lim = np.sqrt(6 / (n_hidden + n_classes))
        self.w_out = rs.uniform(-lim, lim, (n_hidden, n_classes))
        self.b_out = np.zeros(n_classes)
        self.velocity = {k: np.zeros_like(getattr(self, k)) for k in ("w_hidden", "b_hidden", "w_out", "b_out")}

    def _forward(self, X):
        h = np.tanh(X @ self.w_hidden + self.b_hidden)
        s = h @ self.w_out + self.b_out
        s -= s.max(axis=1, keepdims=True)
        np.exp(s, out=s)
        s /= s.sum(axis=1, keepdims=True)
        return h, s

    def train_step(self, X, y):
        h, p = self._forward(X)
        loss = -np.log(p[np.arange(y.size), y]).mean()
        p[np.arange(y.size), y] -= 1
        p /= y.size
        dh = p @ self.w_out.T * (1 - h * h)
        grads = {"w_hidden": X.T @ dh, "b_hidden": dh.sum(0), "w_out": h.T @ p, "b_out": p.sum(0)}
        for k, g in grads.items():
            self.velocity[k] = self.mu * self.velocity[k] - self.lr * g
            setattr(self, k, getattr(self, k) + self.velocity[k])
        return loss

    def fit(self, X, y, epochs=20, batch_size=32):
        for _ in range(epochs):
            order = np.random.permutation(len(X))
            for start in range(0, len(X), batch_size):
                rows = order[start:start + batch_size]
                self.train_step(X[rows], y[rows])
        return self

    def predict_proba(self, X):
        return self._forward(X)[1]

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)
