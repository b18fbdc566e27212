import numpy as np

def max_pool(x, size=2):
    n, c, h, w = x.shape
    out = np.zeros((n, c, h // size, w // size))
    for i in range(h // size):
        for j in range(w // size):
            out[:, :, i, j] = np.max(x[:, :, i * size:(i + 1) * size, j * size:(j + 1) * size], axis=(2, 3))
    return out, (x, size)

def max_pool_backward(dout, cache):
    x, size = cache
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            win = x[:, :, i * size:(i + 1) * size, j * size:(j + 1) * size]
            mask = np.ones_like(win)
            dx[:, :, i * size:(i + 1) * size, j * size:(j + 1) * size] = mask * dout[:, :, i, j][:, :, None, None]
    return dx
