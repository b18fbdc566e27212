import numpy as np


def correlate2d(a, k):
    h = a.shape[0] - k.shape[0] + 1
    w = a.shape[1] - k.shape[1] + 1
    out = np.zeros((h, w))
    for i in range(k.shape[0]):
        for j in range(k.shape[1]):
            out += k[i, j] * a[i:i + h, j:j + w]
    return out


def convolve2d_full(a, k):
    p, q = k.shape[0] - 1, k.shape[1] - 1
    return correlate2d(np.pad(a, ((p, p), (q, q))), k)


class Convolutional:
    def __init__(self, input_depth, depth, kernel_size):
        self.depth = depth
        self.input_depth = input_depth
        self.kernels = np.random.randn(depth, input_depth, kernel_size, kernel_size)
        self.biases = np.random.randn(depth)

    def forward(self, input):
        self.input = input
        return np.array([[sum(correlate2d(image[j], self.kernels[i, j]) for j in range(self.input_depth)) + self.biases[i]
                          for i in range(self.depth)] for image in input])

    def backward(self, output_gradient):
        self.kernels_gradient = np.zeros_like(self.kernels)
        self.biases_gradient = output_gradient.sum(axis=(0, 2, 3))
        input_gradient = np.zeros_like(self.input)
        for n, image in enumerate(self.input):
            for i in range(self.depth):
                for j in range(self.input_depth):
                    self.kernels_gradient[i, j] += correlate2d(image[j], output_gradient[n, i])
                    input_gradient[n, j] += convolve2d_full(output_gradient[n, i], self.kernels[i, j])
        return input_gradient
