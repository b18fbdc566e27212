import numpy as np

ACTIVATIONS = {
    'relu': (lambda z: np.maximum(z, 0.0), lambda z: (z > 0).astype(z.dtype)),
    'tanh': (lambda z: z, lambda z: 1.0 / np.cosh(z) ** 2),
    'linear': (lambda z: z, lambda z: np.ones_like(z)),
}


class Dense:
    def __init__(self, units, activation='linear', input_dim=None):
        self.units = units
        self.act, self.d_act = ACTIVATIONS[activation]
        self.input_dim = input_dim

    def build(self, input_dim):
        limit = np.sqrt(6.0 / (input_dim + self.units))
        self.kernel = np.random.uniform(-limit, limit, (input_dim, self.units))
        self.bias = np.zeros(self.units)


class Sequential:
    def __init__(self):
        self.layers = []

    def add(self, layer):
        layer.build(layer.input_dim or self.layers[-1].units)
        self.layers.append(layer)

    def compile(self, lr=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.lr, self.b1, self.b2, self.eps = lr, beta_1, beta_2, epsilon
        self.t = 0
        self.slots = [[np.zeros_like(l.kernel), np.zeros_like(l.kernel), np.zeros_like(l.bias), np.zeros_like(l.bias)]
                      for l in self.layers]

    def predict(self, x):
        for layer in self.layers:
            layer.input = x
            layer.z = x @ layer.kernel + layer.bias
            x = layer.act(layer.z)
        return x

    def train_on_batch(self, x, y):
        logits = self.predict(x)
        logits = logits - np.max(logits, axis=-1, keepdims=True)
        proba = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        grad = (proba - y) / len(x)
        self.t += 1
        correction = np.sqrt(1 - self.b2 ** self.t) / (1 - self.b1 ** self.t)
        for layer, slot in zip(self.layers[::-1], self.slots[::-1]):
            grad = grad * layer.d_act(layer.z)
            dk, db = layer.input.T @ grad, grad.sum(axis=0)
            grad = grad @ layer.kernel.T
            for j, (name, g) in enumerate((('kernel', dk), ('bias', db))):
                slot[2 * j] = self.b1 * slot[2 * j] + (1 - self.b1) * g
                slot[2 * j + 1] = self.b2 * slot[2 * j + 1] + (1 - self.b2) * g ** 2
                change = self.lr * correction * slot[2 * j] / (np.sqrt(slot[2 * j + 1]) + self.eps * np.sqrt(1 - self.b2 ** self.t))
                setattr(layer, name, getattr(layer, name) - change)
        return -np.sum(y * np.log(proba)) / len(x)


def build_model(n_features, n_hidden, n_classes):
    model = Sequential()
    model.add(Dense(n_hidden, activation='relu', input_dim=n_features))
    model.add(Dense(n_hidden, activation='tanh'))
    model.add(Dense(n_classes))
    model.compile(lr=0.01)
    return model
