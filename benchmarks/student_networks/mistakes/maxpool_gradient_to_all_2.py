import numpy as np

class Pool:
    def __init__(self, k, s):
        self.k, self.s = k, s

    def forward(self, x):
        self.x = x
        k, s = self.k, self.s
        h, w = (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1
        return np.array([[[[img[i * s:i * s + k, j * s:j * s + k].max() for j in range(w)] for i in range(h)]
                          for img in chans] for chans in x])

    def backward(self, d):
        k, s = self.k, self.s
        dx = np.zeros(self.x.shape)
        for n, c, i, j in np.ndindex(*d.shape):
            a, b = i * s, j * s
            dx[n, c, a:a + k, b:b + k] += d[n, c, i, j] / (k * k)
        return dx
