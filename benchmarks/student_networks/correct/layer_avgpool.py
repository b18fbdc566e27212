import numpy as np


class AveragePooling:
    def __init__(self, kernel, stride):
        self.kernel = kernel
        self.stride = stride

    def forward_pass(self, inputs):
        self.in_shape = inputs.shape
        n, c, h, w = inputs.shape
        k, s = self.kernel, self.stride
        rows, cols = 1 + (h - k) // s, 1 + (w - k) // s
        total = 0
        for a in range(k):
            for b in range(k):
                total = total + inputs[:, :, a:a + s * rows:s, b:b + s * cols:s][:, :, :rows, :cols]
        return total / k ** 2

    def backward_pass(self, grad):
        k, s = self.kernel, self.stride
        dx = np.zeros(self.in_shape)
        rows, cols = grad.shape[2:]
        for i in range(rows):
            for j in range(cols):
                dx[:, :, i * s:i * s + k, j * s:j * s + k] += (grad[:, :, i, j] / (k * k))[:, :, None, None]
        return dx
