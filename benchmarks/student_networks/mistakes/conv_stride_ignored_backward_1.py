import numpy as np

class Conv2d:
    def __init__(self, cin, cout, k, s):
        self.w, self.b = np.random.randn(cout, cin, k, k) * .3, np.random.randn(cout)
        self.k, self.s = k, s

    def forward(self, x):
        self.x = x
        k, s = self.k, self.s
        oh, ow = (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1
        y = np.zeros((x.shape[0], self.w.shape[0], oh, ow))
        for i in range(oh):
            for j in range(ow):
                y[:, :, i, j] = np.einsum("ncij,fcij->nf", x[:, :, i * s:i * s + k, j * s:j * s + k], self.w) + self.b
        return y

    def backward(self, grad):
        k = self.k
        dx = np.zeros(self.x.shape)
        self.gw = np.zeros(self.w.shape)
        self.gb = grad.sum((0, 2, 3))
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                part = (slice(None), slice(None), slice(i, i + k), slice(j, j + k))
                self.gw += np.einsum("nf,ncij->fcij", grad[:, :, i, j], self.x[part])
                dx[part] += np.einsum("nf,fcij->ncij", grad[:, :, i, j], self.w)
        return dx
