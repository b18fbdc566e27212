import numpy as np

# XOR-style net, but for any number of outputs.

def sig(x):
    return 1.0 / (1.0 + np.exp(-x))

def init(n_in, n_hid, n_out):
    return dict(W1=np.random.uniform(-1, 1, (n_in, n_hid)), b1=np.random.uniform(-1, 1, (1, n_hid)),
                W2=np.random.uniform(-1, 1, (n_hid, n_out)), b2=np.random.uniform(-1, 1, (1, n_out)))

def forward(params, X):
    hidden = sig(np.dot(X, params['W1']) + params['b1'])
    output = sig(np.dot(hidden, params['W2']) + params['b2'])
    return hidden, output

def mse(y_hat, Y):
    return np.mean((y_hat - Y) ** 2)

def backward(params, X, Y, hidden, output):
    error = 2.0 * (output - Y) / Y.size
    d_output = error * output * (1 - output)
    d_hidden = d_output.dot(params['W2'].T) * hidden * (1 - hidden)
    return dict(W1=X.T.dot(d_hidden), b1=d_hidden.sum(axis=0, keepdims=True),
                W2=hidden.T.dot(d_output), b2=d_output.sum(axis=0, keepdims=True))

def train_step(params, X, Y, lr):
    hidden, output = forward(params, X)
    grads = backward(params, X, Y, hidden, output)
    for name in params:
        params[name] -= lr * grads[name]
    return mse(output, Y)
