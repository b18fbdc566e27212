import numpy as np

class Conv:
    def __init__(self, i, o, k):
        self.W, self.b, self.k = np.random.randn(o, i, k, k) * .3, np.zeros(o), k

    def forward(self, x):
        self.x, k = x, self.k
        h, w = x.shape[2] - k + 1, x.shape[3] - k + 1
        out = np.empty((len(x), len(self.b), h, w))
        for r in range(h):
            for c in range(w):
                out[:, :, r, c] = np.einsum("nipq,oipq->no", x[:, :, r:r + k, c:c + k], self.W) + self.b
        return out

    def backward(self, g):
        k = self.k
        dx, self.dW = np.zeros_like(self.x), np.zeros_like(self.W)
        self.db = np.full(len(self.b), g.sum())
        for r in range(g.shape[2]):
            for c in range(g.shape[3]):
                sl = np.s_[:, :, r:r + k, c:c + k]
                self.dW += np.einsum("no,nipq->oipq", g[:, :, r, c], self.x[sl])
                dx[sl] = np.einsum("no,oipq->nipq", g[:, :, r, c], self.W)
        return dx
