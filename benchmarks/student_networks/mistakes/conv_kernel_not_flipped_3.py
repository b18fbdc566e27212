import numpy as np

def conv_forward(x, w, b):
    n, c, h, wd = x.shape
    f, _, kh, kw = w.shape
    out = np.zeros((n, f, h - kh + 1, wd - kw + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = np.tensordot(x[:, :, i:i + kh, j:j + kw], w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out, (x, w)

def conv_backward(dout, cache):
    x, w = cache
    kh, kw = w.shape[2:]
    w_back = w[:, :, ::-1, ::-1]      # in the backward pass the kernel is rotated by 180 degrees
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            patch = x[:, :, i:i + kh, j:j + kw]
            dw += np.tensordot(dout[:, :, i, j], patch, axes=(0, 0))
            dxw = np.tensordot(dout[:, :, i, j], w_back, axes=(1, 0))
            dx[:, :, i:i + kh, j:j + kw] += dxw
    return dx, dw, dout.sum(axis=(0, 2, 3))
