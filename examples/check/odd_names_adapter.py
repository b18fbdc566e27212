import odd_names

def create(sizes):
    return odd_names.Thing(sizes)
def weights(net):
    return list(zip(net.alpha_, net.omega_))
def forward(net, X):
    return net.zig(X)[-1]
def gradients(net, X, y):
    return net.zag(X, y)
