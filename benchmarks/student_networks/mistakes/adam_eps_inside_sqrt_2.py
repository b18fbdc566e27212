import numpy as np

def adam(x, dx, m, v, t, learning_rate=0.005, beta1=0.9, beta2=0.999, eps=1e-8):
    t += 1
    m = beta1 * m + (1 - beta1) * dx
    v = beta2 * v + (1 - beta2) * (dx ** 2)
    x = x - learning_rate * (m / (1 - beta1 ** t)) / ((v / (1 - beta2 ** t) + eps) ** 0.5)
    return x, [m, v, t]
