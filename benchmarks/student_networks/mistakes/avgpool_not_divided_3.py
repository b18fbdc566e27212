import numpy as np

def avg_pool_forward(x):
    total = x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]
    return total, x.shape

def avg_pool_backward(dout, shape):
    dx = np.zeros(shape)
    for i in (0, 1):
        for j in (0, 1):
            dx[:, :, i::2, j::2] = dout / 4
    return dx
