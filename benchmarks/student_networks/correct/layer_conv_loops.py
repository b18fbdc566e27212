import numpy as np


class Conv2D:
    def __init__(self, in_ch, out_ch, k, stride=1, padding=0):
        self.W = np.random.randn(out_ch, in_ch, k, k) * np.sqrt(2 / (in_ch * k * k))
        self.b = np.zeros(out_ch)
        self.k, self.stride, self.pad = k, stride, padding

    def forward(self, x):
        N, C, H, W = x.shape
        p, s, k = self.pad, self.stride, self.k
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        oh = (H + 2 * p - k) // s + 1
        ow = (W + 2 * p - k) // s + 1
        out = np.zeros((N, len(self.b), oh, ow))
        for n in range(N):
            for f in range(len(self.b)):
                for i in range(oh):
                    for j in range(ow):
                        window = self.xp[n, :, i * s:i * s + k, j * s:j * s + k]
                        out[n, f, i, j] = np.sum(window * self.W[f]) + self.b[f]
        return out

    def backward(self, dout):
        p, s, k = self.pad, self.stride, self.k
        N, F, oh, ow = dout.shape
        dxp = np.zeros_like(self.xp)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)
        for n in range(N):
            for f in range(F):
                for i in range(oh):
                    for j in range(ow):
                        d = dout[n, f, i, j]
                        self.db[f] += d
                        self.dW[f] += d * self.xp[n, :, i * s:i * s + k, j * s:j * s + k]
                        dxp[n, :, i * s:i * s + k, j * s:j * s + k] += d * self.W[f]
        if p == 0:
            return dxp
        return dxp[:, :, p:-p, p:-p]
