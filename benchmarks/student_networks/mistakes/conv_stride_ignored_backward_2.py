import numpy as np

class StridedConv:
    def __init__(self, cin, cout, k, stride=1):
        self.W = np.random.randn(cout, cin, k, k)
        self.B = np.zeros(cout)
        self.k, self.stride = k, stride

    def _windows(self, x):
        k, st = self.k, self.stride
        for i in range((x.shape[1] - k) // st + 1):
            for j in range((x.shape[2] - k) // st + 1):
                yield i, j, x[:, i * st:i * st + k, j * st:j * st + k]

    def forward(self, X):
        self.X = X
        oh, ow = [(s - self.k) // self.stride + 1 for s in X.shape[2:]]
        out = np.zeros((len(X), len(self.W), oh, ow))
        for n, x in enumerate(X):
            for i, j, win in self._windows(x):
                out[n, :, i, j] = np.sum(self.W * win, axis=(1, 2, 3)) + self.B
        return out

    def backward(self, D):
        k, st = self.k, self.stride
        self.dW, self.dB = np.zeros_like(self.W), D.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.X)
        for n, x in enumerate(self.X):
            for i, j, win in self._windows(x):
                for f in range(len(self.W)):
                    self.dW[f] += D[n, f, i, j] * win
                    dx[n, :, i:i + k, j:j + k] += D[n, f, i, j] * self.W[f]
        return dx
