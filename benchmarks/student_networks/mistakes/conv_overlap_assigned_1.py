import numpy as np

class Conv2D:
    def __init__(self, n_in, n_out, k, stride):
        self.weights = 0.2 * np.random.randn(n_out, n_in, k, k)
        self.biases = np.zeros(n_out)
        self.k, self.stride = k, stride

    def forward(self, inputs):
        self.inputs = inputs
        k, s = self.k, self.stride
        h, w = (inputs.shape[2] - k) // s + 1, (inputs.shape[3] - k) // s + 1
        out = np.zeros((len(inputs), len(self.biases), h, w))
        for i in range(h):
            for j in range(w):
                a, c = i * s, j * s
                out[:, :, i, j] = np.tensordot(inputs[:, :, a:a + k, c:c + k], self.weights, ([1, 2, 3], [1, 2, 3])) + self.biases
        return out

    def backward(self, dvalues):
        k, s = self.k, self.stride
        self.dbiases = dvalues.sum(axis=(0, 2, 3))
        self.dweights = np.zeros_like(self.weights)
        self.dinputs = np.zeros_like(self.inputs)
        for i in range(dvalues.shape[2]):
            for j in range(dvalues.shape[3]):
                a, c = i * s, j * s
                d = dvalues[:, :, i, j]
                self.dweights += np.tensordot(d, self.inputs[:, :, a:a + k, c:c + k], ([0], [0]))
                self.dinputs[:, :, a:a + k, c:c + k] = np.tensordot(d, self.weights, ([1], [0]))
        return self.dinputs
