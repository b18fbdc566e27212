import numpy as np

class AdamOptimizer:
    def __init__(self, weights, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.weights, self.lr, self.betas, self.eps = weights, lr, betas, eps
        self.mom1 = [0] * len(weights)
        self.mom2 = [0] * len(weights)
        self.iterations = 0

    def update(self, gradients):
        self.iterations += 1
        for i, g in enumerate(gradients):
            self.mom1[i] = self.betas[0] * self.mom1[i] + (1 - self.betas[0]) * g
            self.mom2[i] = self.betas[1] * self.mom2[i] + (1 - self.betas[1]) * g * g
            m_hat = self.mom1[i] / (1 - self.betas[0] ** self.iterations)
            v_hat = self.mom2[i] / (1 - self.betas[1] ** self.iterations)
            self.weights[i] -= self.lr * m_hat / np.sqrt(v_hat + self.eps)
