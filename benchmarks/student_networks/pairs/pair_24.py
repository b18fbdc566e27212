import numpy as np

class ConvLayer:
    def __init__(self, cin, cout, k, s):
        self.filters = np.random.randn(cout, cin, k, k)
        self.bias = np.random.randn(cout)
        self.k, self.s = k, s

    def forward(self, x):
        self.x = x
        w = np.lib.stride_tricks.sliding_window_view(x, (self.k, self.k), axis=(2, 3))[:, :, ::self.s, ::self.s]
        return np.einsum("nchwij,fcij->nfhw", w, self.filters) + self.bias[:, None, None]

    def backward(self, grad):
        k = self.k
        self.dbias = grad.mean(axis=(0, 2, 3))
        self.dfilters = np.zeros_like(self.filters)
        dx = np.zeros_like(self.x)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                patch = np.s_[:, :, i:i + k, j:j + k]
                self.dfilters += np.einsum("nf,ncij->fcij", grad[:, :, i, j], self.x[patch])
                dx[patch] += np.einsum("nf,fcij->ncij", grad[:, :, i, j], self.filters)
        return dx
