import numpy as np

class Conv1D:
    def __init__(self, cin, cout, k, stride):
        self.W = np.random.normal(size=(cout, cin, k))
        self.b = np.random.normal(size=cout)
        self.k, self.s = k, stride

    def forward(self, x):
        self.x = x
        k, s = self.k, self.s
        steps = (x.shape[2] - k) // s + 1
        return np.stack([np.einsum("nck,fck->nf", x[:, :, t * s:t * s + k], self.W) + self.b for t in range(steps)], axis=2)

    def backward(self, g):
        k, s = self.k, self.s
        dx = np.zeros_like(self.x)
        self.dW = 0
        self.db = g.sum(axis=(0, 2))
        for t in range(g.shape[2]):
            self.dW = self.dW + np.einsum("nf,nck->fck", g[:, :, t], self.x[:, :, t * s:t * s + k])
            dx[:, :, t * s:t * s + k] = np.einsum("nf,fck->nck", g[:, :, t], self.W)
        return dx
