import numpy as np

class Conv2D:
    def __init__(self, cin, cout, k):
        self.K = np.random.randn(cout, cin, k, k)
        self.b = np.random.randn(cout)

    @staticmethod
    def correlate(image, kernel):
        k1, k2 = kernel.shape
        h, w = image.shape[0] - k1 + 1, image.shape[1] - k2 + 1
        out = np.zeros((h, w))
        for i in range(h):
            for j in range(w):
                out[i, j] = np.sum(image[i:i + k1, j:j + k2] * kernel)
        return out

    def forward(self, x):
        self.x = x
        return np.array([[sum(self.correlate(x[n, c], self.K[o, c]) for c in range(x.shape[1])) + self.b[o]
                          for o in range(len(self.K))] for n in range(len(x))])

    def backward(self, dy):
        k = self.K.shape[-1]
        self.db = dy.sum(axis=(0, 2, 3))
        self.dK = np.zeros_like(self.K)
        dx = np.zeros_like(self.x)
        padded = np.pad(dy, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        for n in range(len(dy)):
            for o in range(dy.shape[1]):
                for c in range(self.x.shape[1]):
                    self.dK[o, c] += self.correlate(self.x[n, c], dy[n, o])
                    dx[n, c] += self.correlate(padded[n, o], self.K[o, c])
        return dx
