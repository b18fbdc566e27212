# kaggle kernel, digit recognizer
import numpy as np

data = np.loadtxt("/kaggle/input/digit-recognizer/train.csv", delimiter=",", skiprows=1)
np.random.shuffle(data)
X_train, Y_train = data[1000:, 1:].T / 255.0, data[1000:, 0].astype(int)


def init_params():
    return np.random.rand(10, 784) - .5, np.random.rand(10, 1) - .5, np.random.rand(10, 10) - .5, np.random.rand(10, 1) - .5


def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = np.maximum(Z1, 0)
    Z2 = W2.dot(A1) + b2
    return Z1, A1, Z2, np.exp(Z2) / sum(np.exp(Z2))
