
import numpy as np, matplotlib.pyplot as plt
from sklearn.datasets import fetch_openml
def relu(z): return z * (z > 0)
def softmax(z):
    z = z - np.max(z, axis=0)
    return np.exp(z) / np.sum(np.exp(z), axis=0)
def one_hot(Y):
    o = np.zeros((Y.size, Y.max() + 1)); o[np.arange(Y.size), Y] = 1
    return o.T
def init_params():
    return (np.random.rand(10, 784) - 0.5, np.random.rand(10, 1) - 0.5, np.random.rand(10, 10) - 0.5, np.random.rand(10, 1) - 0.5)
def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1 @ X + b1; A1 = relu(Z1); Z2 = W2 @ A1 + b2
    return Z1, A1, Z2, softmax(Z2)
def back_prop(Z1, A1, Z2, A2, W2, X, Y):
    m = Y.size
    dZ2 = A2 - one_hot(Y)
    dW2 = 1 / m * dZ2 @ A1.T
    db2 = 1 / m * np.sum(dZ2, 1, keepdims=True)
    dZ1 = W2.T @ dZ2 * (Z1 > 0)
    dW1 = 1 / m * dZ1 @ X.T
    db1 = 1 / m * np.sum(dZ1, 1, keepdims=True)
    return dW1, db1, dW2, db2
def update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha):
    return W1 - alpha * dW1, b1 - alpha * db1, W2 - alpha * dW2, b2 - alpha * db2
def gradient_descent(X, Y, iterations, alpha):
    W1, b1, W2, b2 = init_params()
    for i in range(iterations):
        Z1, A1, Z2, A2 = forward_prop(W1, b1, W2, b2, X)
        dW1, db1, dW2, db2 = back_prop(Z1, A1, Z2, A2, W2, X, Y)
        W1, b1, W2, b2 = update_params(W1, b1, W2, b2, dW1, db1, dW2, db2, alpha)
    return W1, b1, W2, b2
if __name__ == "__main__":
    X, y = fetch_openml('mnist_784', return_X_y=True)
    gradient_descent(X.T, y, 500, 0.1)
