import numpy as np

class MaxPooling:
    def forward(self, x):
        n, c, h, w = x.shape
        self.blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
        self.out = self.blocks.max(axis=3).max(axis=4)
        return self.out

    def backward(self, dout):
        mask = self.blocks == self.out[:, :, :, None, :, None]
        d = mask * dout[:, :, :, None, :, None]
        n, c, a, _, b, _ = d.shape
        return d.reshape(n, c, 2 * a, 2 * b)
