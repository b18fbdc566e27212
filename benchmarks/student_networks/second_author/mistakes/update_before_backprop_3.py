import numpy as np

# sigmoid function
def sigmoid(x, deriv=False):
    if deriv == True:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))

def init(n_in, n_hidden, n_out, seed=1):
    np.random.seed(seed)
    # initialize weights randomly with mean 0
    w0 = 2 * np.random.random((n_in, n_hidden)) - 1
    w1 = 2 * np.random.random((n_hidden, n_out)) - 1
    return [w0, w1]

def iterate(ws, X, y, alpha=1.0):
    w0, w1 = ws
    # forward propagation
    l0 = X
    l1 = sigmoid(np.dot(l0, w0))
    l2 = sigmoid(np.dot(l1, w1))

    # how much did we miss?
    l2_error = y - l2
    loss = 0.5 * np.sum(l2_error ** 2)

    l2_delta = l2_error * sigmoid(l2, deriv=True)
    w1 += alpha * l1.T.dot(l2_delta)
    l1_error = l2_delta.dot(w1.T)
    l1_delta = l1_error * sigmoid(l1, deriv=True)

    # update weights
    w0 += alpha * l0.T.dot(l1_delta)
    return loss

def predict(ws, X):
    return sigmoid(sigmoid(X.dot(ws[0])).dot(ws[1]))

if __name__ == "__main__":
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0], [1], [1], [0]])
    ws = init(3, 4, 1)
    for j in range(60000):
        err = iterate(ws, X, y)
        if j % 10000 == 0:
            print("Error:" + str(err))
