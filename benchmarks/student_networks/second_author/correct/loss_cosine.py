import numpy as np


class CosineDistance:
    """mean of 1 - cos(pred, target)"""

    def __call__(self, pred, target):
        self.np = np.linalg.norm(pred, axis=1, keepdims=True)
        self.nt = np.linalg.norm(target, axis=1, keepdims=True)
        self.u = pred / self.np
        self.v = target / self.nt
        self.c = np.sum(self.u * self.v, axis=1, keepdims=True)
        return np.mean(1 - self.c)

    def grad(self):
        g = -(self.v - self.c * self.u) / self.np
        return g / len(g)
