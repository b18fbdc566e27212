import numpy as np

F = np.float32


class Net:
    def __init__(self, d_in, d_hid, d_out):
        k1, k2 = 1 / np.sqrt(d_in), 1 / np.sqrt(d_hid)
        # same layout as nn.Linear: (out_features, in_features)
        self.fc1_weight = np.random.uniform(-k1, k1, (d_hid, d_in)).astype(F)
        self.fc1_bias = np.random.uniform(-k1, k1, d_hid).astype(F)
        self.fc2_weight = np.random.uniform(-k2, k2, (d_out, d_hid)).astype(F)
        self.fc2_bias = np.random.uniform(-k2, k2, d_out).astype(F)

    def forward(self, x):
        x = x.astype(F)
        h = x @ self.fc1_weight.T + self.fc1_bias
        h = np.where(h > 0, h, F(0))
        o = h @ self.fc2_weight.T + self.fc2_bias
        return h, o

    def predict_proba(self, x):
        _, o = self.forward(x)
        e = np.exp(o - o.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def train_step(self, x, onehot, lr):
        x = x.astype(F)
        h, o = self.forward(x)
        p = np.exp(o - o.max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        loss = -(onehot * np.log(p)).sum() / F(len(x))
        g = (p - onehot) / F(len(x))
        g_w2, g_b2 = g.T @ h, g.sum(0)
        g = g @ self.fc2_weight
        g *= h > 0
        g_w1, g_b1 = g.T @ x, g.sum(0)
        lr = F(lr)
        self.fc2_weight -= lr * g_w2
        self.fc2_bias -= lr * g_b2
        self.fc1_weight -= lr * g_w1
        self.fc1_bias -= lr * g_b1
        return loss
