import numpy as np

def init_net(sizes):
    Ws = [np.random.randn(b, a) * np.sqrt(2 / a) for a, b in zip(sizes, sizes[1:])]
    bs = [np.zeros((b, 1)) for b in sizes[1:]]
    return Ws, bs

def feed(net, X):
    Ws, bs = net
    masks, acts = [], [X]
    for i in range(len(Ws)):
        z = Ws[i] @ acts[-1] + bs[i]
        if i < len(Ws) - 1:
            masks.append(z > 0)
            acts.append(z * masks[-1])
    p = np.exp(z - z.max(axis=0))
    acts.append(p / p.sum(axis=0))
    return masks, acts

def gradients(net, X, Y):
    Ws, bs = net
    masks, acts = feed(net, X)
    dz = (acts[-1] - Y) / X.shape[1]
    dWs, dbs = [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs = [dz @ acts[l].T] + dWs
        dbs = [dz.sum(axis=1, keepdims=True)] + dbs
        if l > 0:
            dz = (Ws[l].T @ dz) * masks.pop(0)
    return dWs, dbs

def update(net, dWs, dbs, lr):
    for i in range(len(dWs)):
        net[0][i] -= lr * dWs[i]
        net[1][i] -= lr * dbs[i]
