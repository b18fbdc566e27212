import numpy as np


class Adam:
    """Kingma & Ba, end of section 2: the corrections in the step size. With eps_hat = eps * sqrt(1 - b2^t) nothing changes."""

    def __init__(self, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
        self.lr, self.b1, self.b2, self.eps = lr, b1, b2, eps
        self.t, self.state = 0, {}

    def step(self, params, grads):
        self.t += 1
        c2 = np.sqrt(1 - self.b2 ** self.t)
        lr_t = self.lr * c2 / (1 - self.b1 ** self.t)
        for k in params:
            m, v = self.state.get(k, (0.0, 0.0))
            m += (1 - self.b1) * (grads[k] - m)
            v += (1 - self.b2) * (grads[k] * grads[k] - v)
            self.state[k] = (m, v)
            params[k] = params[k] - lr_t * m / (np.sqrt(v) + self.eps * c2)
