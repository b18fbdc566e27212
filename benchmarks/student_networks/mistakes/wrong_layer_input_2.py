import numpy as np


class Deep:
    def __init__(self, n_in, n_hid, n_out):
        self.w1, self.b1 = np.random.randn(n_in, n_hid) / np.sqrt(n_in), np.zeros(n_hid)
        self.w2, self.b2 = np.random.randn(n_hid, n_hid) / np.sqrt(n_hid), np.zeros(n_hid)
        self.w3, self.b3 = np.random.randn(n_hid, n_hid) / np.sqrt(n_hid), np.zeros(n_hid)
        self.w4, self.b4 = np.random.randn(n_hid, n_out) / np.sqrt(n_hid), np.zeros(n_out)

    def forward(self, x):
        self.a1 = np.tanh(x @ self.w1 + self.b1)
        self.a2 = np.tanh(self.a1 @ self.w2 + self.b2)
        self.a3 = np.tanh(self.a2 @ self.w3 + self.b3)
        s = self.a3 @ self.w4 + self.b4
        s = np.exp(s - s.max(1, keepdims=True))
        return s / s.sum(1, keepdims=True)

    def backprop(self, x, t, lr):
        d4 = (self.forward(x) - t) / len(x)
        dw4 = self.a3.T @ d4
        d3 = (d4 @ self.w4.T) * (1 - self.a3 ** 2)
        dw3 = self.a1.T @ d3
        d2 = (d3 @ self.w3.T) * (1 - self.a2 ** 2)
        dw2 = self.a1.T @ d2
        d1 = (d2 @ self.w2.T) * (1 - self.a1 ** 2)
        dw1 = x.T @ d1
        for w, b, dw, d in ((self.w1, self.b1, dw1, d1), (self.w2, self.b2, dw2, d2),
                            (self.w3, self.b3, dw3, d3), (self.w4, self.b4, dw4, d4)):
            w -= lr * dw
            b -= lr * d.sum(axis=0)
