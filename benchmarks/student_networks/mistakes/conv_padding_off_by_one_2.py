import numpy as np

PAD = (0, 2)

class ConvLayer:
    def __init__(self, in_channels, out_channels):
        self.filters = np.random.randn(out_channels, in_channels, 3, 3)
        self.bias = np.random.randn(out_channels)

    def forward(self, x):
        self.shape = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), PAD, PAD))
        n, c, h, w = x.shape
        cols = np.empty((n, c, 3, 3, h, w))
        for a in range(3):
            for b in range(3):
                cols[:, :, a, b] = padded[:, :, a:a + h, b:b + w]
        self.cols = cols.reshape(n, c * 9, h * w)
        out = self.filters.reshape(len(self.bias), -1) @ self.cols + self.bias[:, None]
        return out.reshape(n, -1, h, w)

    def backward(self, d):
        n, c, h, w = self.shape
        d = d.reshape(n, len(self.bias), h * w)
        self.dbias = d.sum(axis=(0, 2))
        self.dfilters = np.einsum("nfp,nkp->fk", d, self.cols).reshape(self.filters.shape)
        dcols = (self.filters.reshape(len(self.bias), -1).T @ d).reshape(n, c, 3, 3, h, w)
        back = np.zeros((n, c, h + 2, w + 2))
        for a in range(3):
            for b in range(3):
                back[:, :, a:a + h, b:b + w] += dcols[:, :, a, b]
        return back[:, :, PAD[0]:PAD[0] + h, PAD[0]:PAD[0] + w]
