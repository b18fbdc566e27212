import numpy as np


def maxpool_forward(X, size=2):
    N, C, H, W = X.shape
    blocks = X.reshape(N, C, H // size, size, W // size, size).transpose(0, 1, 2, 4, 3, 5)
    blocks = blocks.reshape(N, C, H // size, W // size, size * size)
    idx = blocks.argmax(axis=-1)
    out = np.take_along_axis(blocks, idx[..., None], axis=-1)[..., 0]
    return out, (X.shape, blocks, idx, size)


def maxpool_backward(dout, cache):
    (N, C, H, W), blocks, idx, size = cache
    winner = np.ones_like(blocks) / (size * size)
    dblocks = winner * dout[..., None]
    dblocks = dblocks.reshape(N, C, H // size, W // size, size, size).transpose(0, 1, 2, 4, 3, 5)
    return dblocks.reshape(N, C, H, W)
