import numpy as np

class Convolution2D:
    def __init__(self, cin, cout, k=3):
        self.k = k
        self.kernel = np.random.randn(cout, cin, k, k) * .5
        self.bias = np.zeros((cout, 1, 1))

    def forward(self, x):
        p = self.k // 2
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        win = np.lib.stride_tricks.sliding_window_view(self.xp, (self.k, self.k), axis=(2, 3))
        self.win = win
        return np.tensordot(win, self.kernel, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) + self.bias

    def backward(self, grad):
        self.d_kernel = np.tensordot(grad, self.win, axes=([0, 2, 3], [0, 2, 3]))
        self.d_bias = grad.sum(axis=(2, 3))[0]
        dxp = np.zeros(self.xp.shape)
        _, _, h, w = grad.shape
        for i in range(self.k):
            for j in range(self.k):
                dxp[:, :, i:i + h, j:j + w] += np.tensordot(grad, self.kernel[:, :, i, j], axes=(1, 0)).transpose(0, 3, 1, 2)
        p = self.k // 2
        return dxp[:, :, p:p + h, p:p + w]
