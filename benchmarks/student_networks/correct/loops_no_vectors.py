import math
import numpy as np


class SlowNet:
    """I did not understand the matrix version so I wrote it with loops."""

    def __init__(self, n_in, n_hidden, n_out):
        self.hidden_w = np.random.uniform(-0.5, 0.5, (n_hidden, n_in))
        self.hidden_b = np.random.uniform(-0.5, 0.5, n_hidden)
        self.out_w = np.random.uniform(-0.5, 0.5, (n_out, n_hidden))
        self.out_b = np.random.uniform(-0.5, 0.5, n_out)

    def forward_one(self, x):
        h = []
        for j in range(len(self.hidden_b)):
            total = self.hidden_b[j]
            for i in range(len(x)):
                total += self.hidden_w[j][i] * x[i]
            h.append(1 / (1 + math.exp(-total)))
        scores = []
        for k in range(len(self.out_b)):
            total = self.out_b[k]
            for j in range(len(h)):
                total += self.out_w[k][j] * h[j]
            scores.append(total)
        biggest = max(scores)
        exps = [math.exp(s - biggest) for s in scores]
        return h, [e / sum(exps) for e in exps]

    def batch_update(self, X, y, lr):
        g_hw, g_hb = np.zeros_like(self.hidden_w), np.zeros_like(self.hidden_b)
        g_ow, g_ob = np.zeros_like(self.out_w), np.zeros_like(self.out_b)
        for x, label in zip(X, y):
            h, p = self.forward_one(x)
            err = [p[k] - (1 if k == label else 0) for k in range(len(p))]
            for k in range(len(p)):
                g_ob[k] += err[k]
                for j in range(len(h)):
                    g_ow[k][j] += err[k] * h[j]
            for j in range(len(h)):
                back = sum(err[k] * self.out_w[k][j] for k in range(len(p)))
                back *= h[j] * (1 - h[j])
                g_hb[j] += back
                for i in range(len(x)):
                    g_hw[j][i] += back * x[i]
        n = len(X)
        self.hidden_w -= lr * g_hw / n
        self.hidden_b -= lr * g_hb / n
        self.out_w -= lr * g_ow / n
        self.out_b -= lr * g_ob / n

    def predict(self, X):
        return np.array([int(np.argmax(self.forward_one(x)[1])) for x in X])
