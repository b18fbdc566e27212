import numpy as np

class Layer_Dense:
    def __init__(self, n_inputs, n_neurons, weight_regularizer_l2=0):
        self.weights = 0.3 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
        self.weight_regularizer_l2 = weight_regularizer_l2
    def forward(self, inputs, training):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        if self.weight_regularizer_l2 > 0:
            self.dweights += self.weight_regularizer_l2 * self.weights
        self.dinputs = np.dot(dvalues, self.weights.T)

class Layer_Dropout:
    def __init__(self, rate):
        self.rate = 1 - rate
    def forward(self, inputs, training):
        self.inputs = inputs
        if not training:
            self.output = inputs.copy()
            return
        self.binary_mask = np.random.binomial(1, self.rate, size=inputs.shape) / self.rate
        self.output = inputs * self.binary_mask
    def backward(self, dvalues):
        self.dinputs = dvalues * self.binary_mask

class Activation_Sigmoid:
    def forward(self, inputs, training):
        self.inputs = inputs
        self.output = 1 / (1 + np.exp(-inputs))
    def backward(self, dvalues):
        self.dinputs = dvalues * (1 - self.output) * self.output

class Model:
    def __init__(self, n_in, n_hidden, n_out, l2=0.02):
        self.layers = [Layer_Dense(n_in, n_hidden, l2), Activation_Sigmoid(), Layer_Dropout(0.25), Layer_Dense(n_hidden, n_out, l2)]
        self.trainable_layers = [l for l in self.layers if hasattr(l, 'weights')]
    def forward(self, X, training):
        self.layers[0].forward(X, training)
        for prev, layer in zip(self.layers, self.layers[1:]):
            layer.forward(prev.output, training)
        z = self.layers[-1].output
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    def regularization_loss(self):
        return sum(l.weight_regularizer_l2 * np.sum(l.weights * l.weights) for l in self.trainable_layers)
    def loss(self, output, y):
        return -np.mean(np.log(np.clip(output[range(len(y)), y], 1e-7, 1))) + self.regularization_loss()
    def train(self, X, y, learning_rate=0.1):
        output = self.forward(X, training=True)
        dvalues = output.copy()
        dvalues[range(len(y)), y] -= 1
        dvalues /= len(y)
        for layer in reversed(self.layers):
            layer.backward(dvalues)
            dvalues = layer.dinputs
        for layer in self.trainable_layers:
            layer.weights += -learning_rate * layer.dweights
            layer.biases += -learning_rate * layer.dbiases
    def predict(self, X):
        return self.forward(X, training=False)
