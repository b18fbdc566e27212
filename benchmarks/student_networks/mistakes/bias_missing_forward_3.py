import numpy as np


class DenseLayer:
    """fully connected layer, W has shape (n_out, n_in)"""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_out, n_in)
        self.b = np.random.randn(n_out)

    def forward(self, x):
        self.x = x
        return x.dot(self.W.T)

    def backward(self, dout):
        self.dW = dout.T.dot(self.x)
        self.db = dout.sum(axis=0)
        return dout.dot(self.W)
