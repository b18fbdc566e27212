# -*- coding: utf-8 -*-
import numpy as np

sigm = (lambda x: 1 / (1 + np.e ** (-x)),
        lambda a: a * (1 - a))


class neural_layer():
    def __init__(self, n_conexiones, n_neuronas, act_f):
        self.act_f = act_f
        self.b = np.random.rand(1, n_neuronas) * 2 - 1
        self.W = np.random.rand(n_conexiones, n_neuronas) * 2 - 1


def create_nn(topology, act_f=sigm):
    neural_net = []
    for l, capa in enumerate(topology[:-1]):
        neural_net.append(neural_layer(topology[l], topology[l + 1], act_f))
    return neural_net


# error cuadrático medio
l2_cost = (lambda Yp, Yr: np.mean((Yp - Yr) ** 2),
            lambda Yp, Yr: 2 * (Yp - Yr) / Yp.size / Yp.shape[1])


def train(neural_net, X, Y, cost_f=l2_cost, lr=0.5, do_train=True):
    # paso hacia adelante
    out = [(None, X)]
    for l, capa in enumerate(neural_net):
        z = out[-1][1] @ neural_net[l].W + neural_net[l].b
        a = neural_net[l].act_f[0](z)
        out.append((z, a))

    if do_train:
        # paso hacia atrás
        deltas = []
        for l in reversed(range(0, len(neural_net))):
            a = out[l + 1][1]
            if l == len(neural_net) - 1:
                deltas.insert(0, cost_f[1](a, Y) * neural_net[l].act_f[1](a))
            else:
                deltas.insert(0, deltas[0] @ _W.T * neural_net[l].act_f[1](a))
            _W = neural_net[l].W.copy()
            # descenso del gradiente
            neural_net[l].b = neural_net[l].b - np.sum(deltas[0], axis=0, keepdims=True) * lr
            neural_net[l].W = neural_net[l].W - out[l][1].T @ deltas[0] * lr
    return out[-1][1]


def error(neural_net, X, Y):
    return l2_cost[0](train(neural_net, X, Y, do_train=False), Y)
