# -*- coding: utf-8 -*-
import numpy as np

sigm = (lambda x: 1 / (1 + np.e ** (-x)),
        lambda a: a * (1 - a))


class capa_neuronal():
    def __init__(self, n_conexiones, n_neuronas, funcion_activacion):
        self.funcion_activacion = funcion_activacion
        self.sesgo = np.random.rand(1, n_neuronas) * 2 - 1
        self.pesos = np.random.rand(n_conexiones, n_neuronas) * 2 - 1


def crear_red(topologia, funcion_activacion=sigm):
    red = []
    for l, capa in enumerate(topologia[:-1]):
        red.append(capa_neuronal(topologia[l], topologia[l + 1], funcion_activacion))
    return red


# error cuadrático medio
coste_l2 = (lambda Yp, Yr: np.mean((Yp - Yr) ** 2),
            lambda Yp, Yr: 2 * (Yp - Yr) / Yp.size)


def entrenar(red, X, Y, coste=coste_l2, tasa=0.5, entrena=True):
    # paso hacia adelante
    salida = [(None, X)]
    for l, capa in enumerate(red):
        z = salida[-1][1] @ red[l].pesos + red[l].sesgo
        a = red[l].funcion_activacion[0](z)
        salida.append((z, a))

    if entrena:
        # paso hacia atrás
        deltas = []
        for l in reversed(range(0, len(red))):
            a = salida[l + 1][1]
            if l == len(red) - 1:
                deltas.insert(0, coste[1](a, Y) * red[l].funcion_activacion[1](a))
            else:
                deltas.insert(0, deltas[0] @ pesos_siguiente.T * red[l].funcion_activacion[1](a))
            # descenso del gradiente
            red[l].sesgo = red[l].sesgo - np.sum(deltas[0], axis=0, keepdims=True) * tasa
            red[l].pesos = red[l].pesos - salida[l][1].T @ deltas[0] * tasa
            pesos_siguiente = red[l].pesos
    return salida[-1][1]


def error(red, X, Y):
    return coste_l2[0](entrenar(red, X, Y, entrena=False), Y)
