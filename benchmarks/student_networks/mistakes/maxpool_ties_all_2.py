import numpy as np

def create_mask_from_window(x):
    mask = (x == np.max(x))
    return mask

def pool_forward(A_prev, hparameters):
    (m, n_C, n_H_prev, n_W_prev) = A_prev.shape
    f, stride = hparameters["f"], hparameters["stride"]
    n_H, n_W = int(1 + (n_H_prev - f) / stride), int(1 + (n_W_prev - f) / stride)
    A = np.zeros((m, n_C, n_H, n_W))
    for i in range(m):
        for c in range(n_C):
            for h in range(n_H):
                for w in range(n_W):
                    A[i, c, h, w] = np.max(A_prev[i, c, h * stride:h * stride + f, w * stride:w * stride + f])
    return A, (A_prev, hparameters)

def pool_backward(dA, cache):
    (A_prev, hparameters) = cache
    stride, f = hparameters["stride"], hparameters["f"]
    dA_prev = np.zeros_like(A_prev)
    m, n_C, n_H, n_W = dA.shape
    for i in range(m):
        for c in range(n_C):
            for h in range(n_H):
                for w in range(n_W):
                    rows, cols = slice(h * stride, h * stride + f), slice(w * stride, w * stride + f)
                    mask = create_mask_from_window(A_prev[i, c, rows, cols])
                    dA_prev[i, c, rows, cols] += mask * dA[i, c, h, w]
    return dA_prev
