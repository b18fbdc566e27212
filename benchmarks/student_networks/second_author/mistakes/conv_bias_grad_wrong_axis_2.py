import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Conv2D:
    """Stride 1, 'valid' or zero padded. Kernels: (out, in, kh, kw)"""

    def __init__(self, in_ch, out_ch, size, padding=0):
        self.pad = padding
        self.size = size
        self.filters = np.random.randn(out_ch, in_ch, size, size) / np.sqrt(in_ch * size * size)
        self.biases = np.zeros(out_ch)

    def forward(self, images):
        p = self.pad
        self.padded = np.pad(images, ((0, 0), (0, 0), (p, p), (p, p)))
        self.cols = sliding_window_view(self.padded, (self.size, self.size), axis=(2, 3))
        out = np.einsum("nchwij,ocij->nohw", self.cols, self.filters)
        return out + self.biases.reshape(1, -1, 1, 1)

    def backward(self, d_out):
        self.d_filters = np.einsum("nohw,nchwij->ocij", d_out, self.cols)
        self.d_biases = d_out.sum(axis=(2, 3))[0]
        q = self.size - 1
        d_padded = np.pad(d_out, ((0, 0), (0, 0), (q, q), (q, q)))
        turned = self.filters[:, :, ::-1, ::-1]
        windows = sliding_window_view(d_padded, (self.size, self.size), axis=(2, 3))
        d_in = np.einsum("nohwij,ocij->nchw", windows, turned)
        p = self.pad
        return d_in[:, :, p:d_in.shape[2] - p, p:d_in.shape[3] - p]
