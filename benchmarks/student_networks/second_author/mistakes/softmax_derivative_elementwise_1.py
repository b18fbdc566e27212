import numpy as np


class FCLayer:
    def __init__(self, n_in, n_out):
        self.weights = np.random.rand(n_in, n_out) - 0.5
        self.bias = np.random.rand(1, n_out) - 0.5

    def forward_propagation(self, input_data):
        self.input = input_data
        self.output = np.dot(self.input, self.weights) + self.bias
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        weights_error = np.dot(self.input.T, output_error)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error.sum(axis=0)
        return input_error


class SoftmaxLayer:
    def forward_propagation(self, input_data):
        tmp = np.exp(input_data)
        self.output = tmp / np.sum(tmp, axis=1, keepdims=True)
        return self.output

    def backward_propagation(self, output_error, learning_rate):
        result = np.empty_like(output_error)
        for i, (s, e) in enumerate(zip(self.output, output_error)):
            jacobian = np.diag(s * (1 - s))
            result[i] = jacobian @ e
        return result


class SoftplusLayer:
    def forward_propagation(self, input_data):
        self.input = input_data
        return np.logaddexp(0, input_data)

    def backward_propagation(self, output_error, learning_rate):
        return output_error / (1 + np.exp(-self.input))


def cross_entropy(y_true, y_pred):
    return -np.mean(np.sum(y_true * np.log(y_pred), axis=1))


def cross_entropy_prime(y_true, y_pred):
    return -(y_true / y_pred) / y_true.shape[0]


class Network:
    def __init__(self, n_in, n_hidden, n_out):
        self.layers = [FCLayer(n_in, n_hidden), SoftplusLayer(), FCLayer(n_hidden, n_out), SoftmaxLayer()]

    def predict(self, x):
        for layer in self.layers:
            x = layer.forward_propagation(x)
        return x

    def fit(self, x_train, y_train, learning_rate):
        output = self.predict(x_train)
        err = cross_entropy(y_train, output)
        error = cross_entropy_prime(y_train, output)
        for layer in reversed(self.layers):
            error = layer.backward_propagation(error, learning_rate)
        return err
