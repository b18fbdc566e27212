class SGD:
    def __init__(self, params, lr, wd=0.0):
        self.params = params
        self.lr = lr
        self.wd = wd

    def step(self, grads):
        for p, g in zip(self.params, grads):
            p -= self.lr * (g - self.wd * p)
