# %% [markdown]
# ## Digit recognizer from scratch
# %%
import numpy as np

# %%
def get_weights(n_inputs, n_hidden, n_classes):
    W1 = np.random.rand(n_hidden, n_inputs) - 0.5
    b1 = np.random.rand(n_hidden, 1) - 0.5
    W2 = np.random.rand(n_classes, n_hidden) - 0.5
    b2 = np.random.rand(n_classes, 1) - 0.5
    return [W1, b1, W2, b2]

# %%
def ReLU(Z):
    return np.maximum(Z, 0)

def softmax(Z):
    A = np.exp(Z - Z.max(0)) / sum(np.exp(Z - Z.max(0)))
    return A

def forward_prop(weights, X):
    W1, b1, W2, b2 = weights
    Z1 = W1.dot(X) + b1
    A1 = ReLU(Z1)
    Z2 = W2.dot(A1) + b2
    A2 = softmax(Z2)
    return Z1, A1, Z2, A2

def ReLU_deriv(Z):
    return Z > 0

def one_hot(Y, n_classes):
    one_hot_Y = np.zeros((Y.size, n_classes))
    one_hot_Y[np.arange(Y.size), Y] = 1
    return one_hot_Y.T

def backward_prop(Z1, A1, Z2, A2, weights, X, Y):
    m = Y.size
    W1, b1, W2, b2 = weights
    dZ2 = A2 - one_hot(Y, W2.shape[0])
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, 1).reshape(-1, 1)
    dZ1 = W2.T.dot(dZ2) * ReLU_deriv(Z1)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1, 1).reshape(-1, 1)
    return [dW1, db1, dW2, db2]

# %%
def get_predictions(A2):
    return np.argmax(A2, 0)

def get_accuracy(predictions, Y):
    return np.sum(predictions == Y) / Y.size

def gradient_descent(weights, X, Y, epochs, batch_size, alpha=0.2, drop=0.5, drop_every=2, beta=0.5):
    velocity = [np.zeros_like(w) for w in weights]
    n = X.shape[1]
    for epoch in range(epochs):
        lr = alpha * drop ** (epoch // drop_every)
        perm = np.random.permutation(n)
        X_shuf = X[:, perm]
        Y_shuf = Y
        for j in range(0, n, batch_size):
            X_mini = X_shuf[:, j:j + batch_size]
            Y_mini = Y_shuf[j:j + batch_size]
            cache = forward_prop(weights, X_mini)
            grads = backward_prop(*cache, weights, X_mini, Y_mini)
            for k in range(4):
                velocity[k] = beta * velocity[k] + grads[k]
                weights[k] = weights[k] - lr * velocity[k]
        print("Epoch:", epoch, "accuracy:", get_accuracy(get_predictions(forward_prop(weights, X)[-1]), Y))
    return weights
