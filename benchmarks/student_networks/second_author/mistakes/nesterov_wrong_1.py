class NesterovMomentum:
    def __init__(self, parameters, lr=0.01, momentum=0.9):
        self.parameters = parameters
        self.lr = lr
        self.momentum = momentum
        self.buffers = [p * 0 for p in parameters]

    def step(self, gradients):
        for i, (p, g) in enumerate(zip(self.parameters, gradients)):
            update = g + self.momentum * self.buffers[i]
            self.buffers[i] = self.momentum * self.buffers[i] + g
            p -= self.lr * update
