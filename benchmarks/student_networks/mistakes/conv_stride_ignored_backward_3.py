import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

class ConvS2:
    def __init__(self, cin, cout):
        self.w = np.random.randn(cout, cin, 3, 3) * .3
        self.b = np.zeros(cout)

    def forward(self, x):
        self.x = x
        win = sliding_window_view(x, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
        return np.einsum("ncabij,fcij->nfab", win, self.w) + self.b[:, None, None]

    @staticmethod
    def fit(a, h, w):
        # shapes have to agree for the full convolution
        out = np.zeros(a.shape[:2] + (h, w))
        out[:, :, :a.shape[2], :a.shape[3]] = a
        return out

    def backward(self, dy):
        win = sliding_window_view(self.x, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
        self.dw = np.einsum("ncabij,nfab->fcij", win, dy)
        self.db = dy.sum((0, 2, 3))
        H, W = self.x.shape[2:]
        spread = self.fit(dy, H - 2, W - 2)
        padded = np.pad(spread, ((0, 0), (0, 0), (2, 2), (2, 2)))
        return np.einsum("nfabij,fcij->ncab", sliding_window_view(padded, (3, 3), axis=(2, 3)), self.w[:, :, ::-1, ::-1])
