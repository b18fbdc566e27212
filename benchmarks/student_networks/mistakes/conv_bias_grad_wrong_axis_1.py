import numpy as np

class Conv:
    def __init__(self, cin, cout, k):
        self.W = np.random.randn(cout, cin, k, k)
        self.b = np.zeros(cout)

    def forward(self, x):
        k = self.W.shape[-1]
        self.x = x
        out = 0
        H, W = x.shape[2] - k + 1, x.shape[3] - k + 1
        for i in range(k):
            for j in range(k):
                out = out + np.einsum("nchw,fc->nfhw", x[:, :, i:i + H, j:j + W], self.W[:, :, i, j])
        return out + self.b.reshape(1, -1, 1, 1)

    def backward(self, dout):
        k = self.W.shape[-1]
        H, W = dout.shape[2:]
        dx = np.zeros_like(self.x)
        self.dW = np.zeros_like(self.W)
        self.db = np.full(len(self.b), dout.sum())
        for i in range(k):
            for j in range(k):
                self.dW[:, :, i, j] = np.einsum("nfhw,nchw->fc", dout, self.x[:, :, i:i + H, j:j + W])
                dx[:, :, i:i + H, j:j + W] += np.einsum("nfhw,fc->nchw", dout, self.W[:, :, i, j])
        return dx
