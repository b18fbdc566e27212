class NAG:
    def __init__(self, params, lr=0.01, momentum=0.9):
        self.params = params
        self.lr = lr
        self.momentum = momentum
        self.velocities = [p * 0 for p in params]

    def step(self, grads):
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.velocities[i] = self.momentum * self.velocities[i] + g
            update = g + self.momentum ** 2 * self.velocities[i]
            p -= self.lr * update
