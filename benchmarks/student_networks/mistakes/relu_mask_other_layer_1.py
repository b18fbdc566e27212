import numpy as np

class MLP:
    def __init__(self, d, h, c):
        self.W1 = np.random.randn(d, h) * 0.6; self.b1 = np.zeros(h)
        self.W2 = np.random.randn(h, h) * 0.6; self.b2 = np.zeros(h)
        self.W3 = np.random.randn(h, c) * 0.6; self.b3 = np.zeros(c)

    def forward(self, x):
        self.x = x
        self.z1 = x @ self.W1 + self.b1
        self.a1 = np.maximum(self.z1, 0)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = np.maximum(self.z2, 0)
        s = self.a2 @ self.W3 + self.b3
        self.p = np.exp(s - s.max(1, keepdims=True))
        self.p /= self.p.sum(1, keepdims=True)
        return self.p

    def backward(self, y):
        ds = self.p.copy()
        ds[np.arange(len(y)), y] -= 1
        ds /= len(y)
        self.dW3, self.db3 = self.a2.T @ ds, ds.sum(0)
        da2 = ds @ self.W3.T
        da2[self.z2 <= 0] = 0
        self.dW2, self.db2 = self.a1.T @ da2, da2.sum(0)
        da1 = da2 @ self.W2.T
        da1[self.z2 <= 0] = 0
        self.dW1, self.db1 = self.x.T @ da1, da1.sum(0)

    def step(self, lr):
        for i in "123":
            for n in ("W", "b"):
                setattr(self, n + i, getattr(self, n + i) - lr * getattr(self, "d" + n + i))
