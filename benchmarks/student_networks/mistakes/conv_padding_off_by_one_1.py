import numpy as np

class Conv:
    def __init__(self, cin, cout, k, pad=0):
        self.W = np.random.randn(cout, cin, k, k) * .2
        self.b = np.zeros(cout)
        self.k, self.pad = k, pad

    def forward(self, x):
        p, k = self.pad, self.k
        self.shape = x.shape
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        H, W = self.xp.shape[2] - k + 1, self.xp.shape[3] - k + 1
        y = np.empty((len(x), len(self.b), H, W))
        for i in range(H):
            for j in range(W):
                win = self.xp[:, None, :, i:i + k, j:j + k]
                y[:, :, i, j] = (win * self.W[None]).sum(axis=(2, 3, 4)) + self.b
        return y

    def backward(self, dy):
        k, p = self.k, self.pad
        N, C, H, W = self.shape
        dxp = np.zeros(self.xp.shape)
        self.dW = np.zeros(self.W.shape)
        self.db = dy.sum(axis=(0, 2, 3))
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                d = dy[:, :, i, j][:, :, None, None, None]
                self.dW += (d * self.xp[:, None, :, i:i + k, j:j + k]).sum(axis=0)
                dxp[:, :, i:i + k, j:j + k] += (d * self.W[None]).sum(axis=1)
        return dxp[:, :, p - 1:p - 1 + H, p - 1:p - 1 + W]
