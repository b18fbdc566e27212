import numpy as np


class AdamMLP:
    def __init__(self, layers, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.W = []
        self.B = []
        for i in range(len(layers) - 1):
            self.W.append(np.random.normal(0, np.sqrt(2 / layers[i]), size=(layers[i], layers[i + 1])))
            self.B.append(np.zeros((1, layers[i + 1])))
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.t = 0
        self.m = [np.zeros_like(p) for p in self.W + self.B]
        self.v = [np.zeros_like(p) for p in self.W + self.B]

    def forward(self, X):
        self.A = [X]
        self.Z = []
        for i in range(len(self.W)):
            z = np.dot(self.A[-1], self.W[i]) + self.B[i]
            self.Z.append(z)
            if i < len(self.W) - 1:
                self.A.append(z * (z > 0))
            else:
                ez = np.exp(z - z.max(axis=1, keepdims=True))
                self.A.append(ez / ez.sum(axis=1, keepdims=True))
        return self.A[-1]

    def backward(self, Y):
        n = Y.shape[0]
        dW, dB = [None] * len(self.W), [None] * len(self.W)
        dz = (self.A[-1] - Y) / n
        for i in range(len(self.W) - 1, -1, -1):
            dW[i] = np.dot(self.A[i].T, dz)
            dB[i] = dz.sum(axis=0, keepdims=True)
            if i > 0:
                dz = np.dot(dz, self.W[i].T) * (self.Z[i - 1] > 0)
        return dW + dB

    def adam(self, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(self.W + self.B, grads)):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g ** 2
            m_hat = self.m[i] / (1 - self.beta1 ** self.t)
            v_hat = self.v[i] / (1 - self.beta2 ** self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)

    def fit_batch(self, X, Y):
        out = self.forward(X)
        loss = -np.sum(Y * np.log(out + 1e-12)) / len(X)
        self.adam(self.backward(Y))
        return loss
