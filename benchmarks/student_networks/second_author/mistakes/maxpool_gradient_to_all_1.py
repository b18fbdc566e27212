import numpy as np


class MaxPooling:
    def __init__(self, pool=2, stride=2):
        self.pool = pool
        self.stride = stride

    def forward(self, A):
        n, c, h, w = A.shape
        k, s = self.pool, self.stride
        oh, ow = (h - k) // s + 1, (w - k) // s + 1
        self.shape = A.shape
        self.argmax = np.zeros((n, c, oh, ow), dtype=int)
        out = np.empty((n, c, oh, ow))
        for i in range(oh):
            for j in range(ow):
                patch = A[:, :, i * s:i * s + k, j * s:j * s + k].reshape(n, c, -1)
                self.argmax[:, :, i, j] = patch.argmax(axis=2)
                out[:, :, i, j] = patch.max(axis=2)
        return out

    def backward(self, dout):
        n, c, h, w = self.shape
        k, s = self.pool, self.stride
        dA = np.zeros(self.shape)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dA[:, :, i * s:i * s + k, j * s:j * s + k] += dout[:, :, i, j][:, :, None, None]
        return dA
