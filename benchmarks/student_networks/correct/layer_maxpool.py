import numpy as np

class MaxPool:
    def __init__(self, size=2, stride=2):
        self.size = size
        self.stride = stride

    def forward(self, x):
        self.x = x
        n, c, h, w = x.shape
        oh, ow = (h - self.size) // self.stride + 1, (w - self.size) // self.stride + 1
        out = np.empty((n, c, oh, ow))
        self.where = np.empty((n, c, oh, ow), dtype=int)
        for i in range(oh):
            for j in range(ow):
                r, q = i * self.stride, j * self.stride
                patch = x[:, :, r:r + self.size, q:q + self.size].reshape(n, c, -1)
                self.where[:, :, i, j] = patch.argmax(axis=2)
                out[:, :, i, j] = patch.max(axis=2)
        return out

    def backward(self, dout):
        dx = np.zeros_like(self.x)
        n, c, oh, ow = dout.shape
        for b in range(n):
            for ch in range(c):
                for i in range(oh):
                    for j in range(ow):
                        a, bb = divmod(self.where[b, ch, i, j], self.size)
                        dx[b, ch, i * self.stride + a, j * self.stride + bb] += dout[b, ch, i, j]
        return dx
