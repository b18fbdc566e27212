import numpy as np


class AdamW:
    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        self.lr, self.betas, self.eps, self.wd = lr, betas, eps, weight_decay
        self.state = {}
        self.t = 0

    def apply(self, params, grads):
        b1, b2 = self.betas
        self.t += 1
        for key, value in params.items():
            g = grads[key] + self.wd * value
            m, v = self.state.get(key, (0.0, 0.0))
            m = m + (1 - b1) * (g - m)
            v = v + (1 - b2) * (g * g - v)
            self.state[key] = (m, v)
            step = self.lr * np.sqrt(1 - b2 ** self.t) / (1 - b1 ** self.t)
            eps_t = self.eps * np.sqrt(1 - b2 ** self.t)
            value -= step * m / (np.sqrt(v) + eps_t)
