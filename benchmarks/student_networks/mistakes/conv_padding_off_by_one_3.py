import numpy as np

def conv2d(x, weight, bias, stride, pad):
    n, c, h, w = x.shape
    k = weight.shape[-1]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows = (h + 2 * pad - k) // stride
    cols = (w + 2 * pad - k) // stride
    out = np.zeros((n, len(weight), rows, cols))
    for r in range(rows):
        for q in range(cols):
            block = xp[:, :, r * stride:r * stride + k, q * stride:q * stride + k]
            out[:, :, r, q] = np.einsum("ncij,fcij->nf", block, weight) + bias
    return out, (xp, weight, stride, pad)

def conv2d_grad(dout, cache):
    xp, weight, stride, pad = cache
    k = weight.shape[-1]
    dxp, dw = np.zeros_like(xp), np.zeros_like(weight)
    for r in range(dout.shape[2]):
        for q in range(dout.shape[3]):
            sl = (slice(None), slice(None), slice(r * stride, r * stride + k), slice(q * stride, q * stride + k))
            dw += np.einsum("nf,ncij->fcij", dout[:, :, r, q], xp[sl])
            dxp[sl] += np.einsum("nf,fcij->ncij", dout[:, :, r, q], weight)
    end = (None if pad == 0 else -pad)
    return dxp[:, :, pad:end, pad:end], dw, dout.sum(axis=(0, 2, 3))
