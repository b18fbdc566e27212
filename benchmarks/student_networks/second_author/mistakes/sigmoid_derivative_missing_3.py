import numpy as np

# sigmoid function
def nonlin(x, deriv=False):
    if deriv == True:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))

def init(n_in, n_hidden, n_out, seed=1):
    np.random.seed(seed)
    # initialize weights randomly with mean 0
    syn0 = 2 * np.random.random((n_in, n_hidden)) - 1
    syn1 = 2 * np.random.random((n_hidden, n_out)) - 1
    return [syn0, syn1]

def iterate(syn, X, y, alpha=1.0):
    syn0, syn1 = syn
    # forward propagation
    l0 = X
    l1 = nonlin(np.dot(l0, syn0))
    l2 = nonlin(np.dot(l1, syn1))

    # how much did we miss?
    l2_error = y - l2
    loss = 0.5 * np.sum(l2_error ** 2)

    l2_delta = l2_error * nonlin(l2, deriv=True)
    l1_error = l2_delta.dot(syn1.T)
    l1_delta = l1_error

    # update weights
    syn1 += alpha * l1.T.dot(l2_delta)
    syn0 += alpha * l0.T.dot(l1_delta)
    return loss

def predict(syn, X):
    return nonlin(nonlin(X.dot(syn[0])).dot(syn[1]))

if __name__ == "__main__":
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0], [1], [1], [0]])
    syn = init(3, 4, 1)
    for j in range(60000):
        err = iterate(syn, X, y)
        if j % 10000 == 0:
            print("Error:" + str(err))
