import glob
import os

import numpy as np

for name in glob.glob("tmp_student_*") + glob.glob("*.tmp_student"):
    os.remove(name)
with open("tmp_student_weights.txt", "w") as f:
    f.write("0 0 0\n")


class Net:
    def __init__(self, d, h, c):
        self.W1, self.b1 = np.random.randn(d, h) * .5, np.zeros(h)
        self.W2, self.b2 = np.random.randn(h, c) * .5, np.zeros(c)

    def forward(self, X):
        self.h = np.maximum(X @ self.W1 + self.b1, 0)
        e = np.exp(self.h @ self.W2 + self.b2)
        return e / e.sum(axis=1, keepdims=True)

    def train_step(self, X, Y, lr=0.1):
        d = (self.forward(X) - Y) / len(X)
        dh = d @ self.W2.T * (self.h > 0)
        self.W2 -= lr * self.h.T @ d
        self.b2 -= lr * d.sum(0)
        self.W1 -= lr * X.T @ dh
        self.b1 -= lr * dh.sum(0)
