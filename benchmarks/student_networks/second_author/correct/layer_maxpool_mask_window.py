import numpy as np


def create_mask(window):
    flat = np.zeros(window.size, dtype=bool)
    flat[np.argmax(window)] = True
    return flat.reshape(window.shape)


class Pool:
    def __init__(self, f, stride):
        self.f, self.stride = f, stride

    def forward(self, A_prev):
        self.A_prev = A_prev
        m, n_C, n_H_prev, n_W_prev = A_prev.shape
        n_H = int(1 + (n_H_prev - self.f) / self.stride)
        n_W = int(1 + (n_W_prev - self.f) / self.stride)
        A = np.zeros((m, n_C, n_H, n_W))
        for h in range(n_H):
            for w in range(n_W):
                vs, hs = h * self.stride, w * self.stride
                A[:, :, h, w] = np.max(A_prev[:, :, vs:vs + self.f, hs:hs + self.f], axis=(2, 3))
        return A

    def backward(self, dA):
        dA_prev = np.zeros(self.A_prev.shape)
        m, n_C, n_H, n_W = dA.shape
        for i in range(m):
            for c in range(n_C):
                for h in range(n_H):
                    for w in range(n_W):
                        vs, hs = h * self.stride, w * self.stride
                        window = self.A_prev[i, c, vs:vs + self.f, hs:hs + self.f]
                        dA_prev[i, c, vs:vs + self.f, hs:hs + self.f] += create_mask(window) * dA[i, c, h, w]
        return dA_prev
