import numpy as np
import flat_vector as f

def create(sizes):
    return {"sizes": sizes, "v": np.ones(sum(n * m + m for n, m in zip(sizes, sizes[1:])))}
def weights(net):
    return f.cut(net["v"], net["sizes"])
def forward(net, X):
    return f.cost(net["v"], net["sizes"], X, 0 * X[:, : net["sizes"][-1]])[2]
def loss(net, X, y):
    return f.cost(net["v"], net["sizes"], X, y)[0]
def gradients(net, X, y):
    return f.cut(f.cost(net["v"], net["sizes"], X, y)[1], net["sizes"])
