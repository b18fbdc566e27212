import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as windows


class Convolution:
    def __init__(self, channels_in, channels_out, size):
        self.kernels = np.random.randn(channels_out, channels_in, size, size) / size
        self.offset = np.random.randn(channels_out)
        self.size = size

    def __call__(self, x):
        self.x = x
        w = windows(x, (self.size, self.size), axis=(2, 3))
        return np.einsum("nchwij,fcij->nfhw", w, self.kernels) + self.offset[:, None, None]

    def grad(self, dy):
        w = windows(self.x, (self.size, self.size), axis=(2, 3))
        self.g_kernels = np.einsum("nchwij,nfhw->fcij", w, dy)
        self.g_offset = dy.sum(axis=(0, 2, 3))
        e = self.size - 1
        dyp = np.pad(dy, ((0, 0), (0, 0), (e, e), (e, e)))
        turned = self.kernels[:, :, ::-1, ::-1]
        return np.einsum("nfhwij,fcij->nchw", windows(dyp, (self.size, self.size), axis=(2, 3)), turned)
