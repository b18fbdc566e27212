"""Names that say nothing: nobody could guess which function does what."""

import numpy as np


class Thing:
    def __init__(self, q):
        rng = np.random.default_rng(1)
        self.alpha_ = [rng.normal(size=(b, a)) for a, b in zip(q, q[1:])]
        self.omega_ = [rng.normal(size=(b, 1)) for b in q[1:]]

    def zig(self, u):
        out = [u]
        for k, c in zip(self.alpha_, self.omega_):
            out.append(1 / (1 + np.exp(-(k @ out[-1] + c))))
        return out

    def zag(self, u, v):
        out = self.zig(u)
        r = (out[-1] - v) / u.shape[1]
        found = []
        for i in reversed(range(len(self.alpha_))):
            found.append((r @ out[i].T, r.sum(1, keepdims=True)))
            r = (self.alpha_[i].T @ r) * out[i] * (1 - out[i])
        return found[::-1]
