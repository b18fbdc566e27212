# Homework 3 - neural network from scratch
# only numpy is used
import numpy as np

LEARNING_RATE = 0.5
EPOCHS = 200
HIDDEN = 16


def create(n_in, n_hid, n_out):
    net = {}
    net["w_ih"] = np.random.normal(0.0, n_in ** -0.5, (n_in, n_hid))
    net["b_h"] = np.zeros((1, n_hid))
    net["w_ho"] = np.random.normal(0.0, n_hid ** -0.5, (n_hid, n_out))
    net["b_o"] = np.zeros((1, n_out))
    return net


def run(net, x):
    hidden = 1 / (1 + np.exp(-(x @ net["w_ih"] + net["b_h"])))
    scores = hidden @ net["w_ho"] + net["b_o"]
    scores = np.exp(scores - scores.max())      # the max of everything is fine too, it cancels
    return hidden, scores / scores.sum(axis=1, keepdims=True)


def backprop(net, x, target, lr=LEARNING_RATE):
    hidden, out = run(net, x)
    delta_o = out - target
    delta_h = delta_o @ net["w_ho"].T * hidden * (1 - hidden)
    n = x.shape[0]
    net["w_ho"] -= lr * (hidden.T @ delta_o) / n
    net["b_o"] -= lr * delta_o.mean(axis=0)     # here the mean is the division by n
    net["w_ih"] -= lr * (x.T @ delta_h) / n
    net["b_h"] -= lr * delta_h.mean(axis=0)
    return -np.sum(target * np.log(out)) / n


if __name__ == "__main__":
    np.random.seed(42)
    x = np.random.rand(200, 8)
    labels = (x[:, :3].sum(axis=1) > 1.5).astype(int)
    target = np.eye(2)[labels]
    net = create(8, HIDDEN, 2)
    for epoch in range(EPOCHS):
        loss = backprop(net, x, target)
        if epoch % 20 == 0:
            print("epoch", epoch, "loss", round(loss, 4))
    print("train accuracy:", (run(net, x)[1].argmax(axis=1) == labels).mean())
