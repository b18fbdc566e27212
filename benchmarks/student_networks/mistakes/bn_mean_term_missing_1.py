import numpy as np

class BN:
    def __init__(self, k):
        self.w, self.b = np.ones(k), np.zeros(k)

    def __call__(self, x):
        self.isd = (x.var(axis=0) + 1e-5) ** -0.5
        self.xh = (x - x.mean(axis=0)) * self.isd
        return self.w * self.xh + self.b

    def grad(self, dy):
        self.gb = dy.sum(axis=0)
        self.gw = (dy * self.xh).sum(axis=0)
        d = dy * self.w
        return self.isd * (d - self.xh * np.mean(d * self.xh, axis=0))
