import numpy as np

def init(d, h, c):
    return {"W1": np.random.randn(d, h) * .5, "b1": np.zeros(h), "W2": np.random.randn(h, c) * .5, "b2": np.zeros(c)}

def predict(p, X):
    e = np.exp(np.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"])
    return e / e.sum(axis=1, keepdims=True)

def learning_rate(epoch):
    """0.3, divided by ten after every second epoch"""
    return 0.3 * 0.1 ** ((epoch + 1) // 2)

def train(p, X, Y, epochs, batch):
    for epoch in range(epochs):
        for i in range(0, len(X), batch):
            x, t = X[i:i + batch], Y[i:i + batch]
            h = np.tanh(x @ p["W1"] + p["b1"])
            d = (predict(p, x) - t) / len(x)
            g = d @ p["W2"].T * (1 - h ** 2)
            lr = learning_rate(epoch)
            p["W2"] -= lr * h.T @ d
            p["b2"] -= lr * d.sum(0)
            p["W1"] -= lr * x.T @ g
            p["b1"] -= lr * g.sum(0)
