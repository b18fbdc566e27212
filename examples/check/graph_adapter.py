import graph

def create(sizes):
    node = graph.Node(None, sizes[0], False)
    for width in sizes[1:]:
        node = graph.Node(node, width, width != sizes[-1])
    return node
def weights(net):
    return ([] if net.before.before is None else weights(net.before)) + [(net.matrix, net.shift)]
def forward(net, X):
    return net.pull(X)
def step(net, X, y, lr):
    graph.train(net, X, y, lr)
