
import numpy as np
class Layer:
    def parameters(self): return []
class Dense(Layer):
    def __init__(self, in_features, out_features):
        self.W = np.random.randn(in_features, out_features) * np.sqrt(2 / in_features)
        self.b = np.zeros((1, out_features))
    def forward(self, x):
        self.x = x
        return np.einsum('ni,io->no', x, self.W) + self.b
    def backward(self, grad):
        self.dW = np.einsum('ni,no->io', self.x, grad)
        self.db = np.einsum('no->o', grad)[None]
        return np.einsum('no,io->ni', grad, self.W)
    def parameters(self): return [(self, 'W'), (self, 'b')]
class Tanh(Layer):
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, grad): return grad * (1 - self.y ** 2)
class SoftmaxCrossEntropy:
    def forward(self, z, y):
        z = z - z.max(1, keepdims=True)
        self.p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        self.y = y
        return -np.log(self.p[range(len(y)), y] + 1e-12).mean()
    def backward(self):
        g = self.p.copy()
        g[range(len(self.y)), self.y] -= 1
        return g / len(self.y)
class Sequential:
    def __init__(self, *layers): self.layers = layers
    def forward(self, x):
        for l in self.layers: x = l.forward(x)
        return x
    def backward(self, g):
        for l in reversed(self.layers): g = l.backward(g)
class Adam:
    def __init__(self, model, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
        self.lr, self.b1, self.b2, self.eps, self.t = lr, b1, b2, eps, 0
        self.params = [p for l in model.layers for p in l.parameters()]
        self.m = [0 for _ in self.params]
        self.v = [0 for _ in self.params]
    def step(self):
        self.t += 1
        for i, (l, n) in enumerate(self.params):
            g = getattr(l, 'd' + n)
            self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * g
            self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * g * g
            mh = self.m[i] / (1 - self.b1 ** self.t)
            vh = self.v[i] / (1 - self.b2 ** self.t)
            setattr(l, n, getattr(l, n) - self.lr * mh / (np.sqrt(vh) + self.eps))
class MLP:
    def __init__(self, n_in, n_hidden, n_out, lr=0.05):
        self.net = Sequential(Dense(n_in, n_hidden), Tanh(), Dense(n_hidden, n_out))
        self.criterion = SoftmaxCrossEntropy()
        self.opt = Adam(self.net, lr)
    def forward(self, x): return self.net.forward(x)
    def train_step(self, x, y):
        loss = self.criterion.forward(self.net.forward(x), y)
        self.net.backward(self.criterion.backward())
        self.opt.step()
        return loss
