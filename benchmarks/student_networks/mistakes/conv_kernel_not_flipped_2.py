import numpy as np

class SameConv:
    def __init__(self, cin, cout):
        self.w = np.random.randn(cout, cin, 3, 3) * .3
        self.b = np.zeros(cout)

    @staticmethod
    def windows(a):
        p = np.pad(a, [(0, 0), (0, 0), (1, 1), (1, 1)])
        return np.lib.stride_tricks.sliding_window_view(p, (3, 3), axis=(2, 3))

    def __call__(self, x):
        self.x = x
        return np.einsum("nchwij,ocij->nohw", self.windows(x), self.w) + self.b.reshape(1, -1, 1, 1)

    def backward(self, dout):
        self.dw = np.einsum("nchwij,nohw->ocij", self.windows(self.x), dout)
        self.db = dout.sum((0, 2, 3))
        return np.einsum("nohwij,ocij->nchw", self.windows(dout), self.w)
