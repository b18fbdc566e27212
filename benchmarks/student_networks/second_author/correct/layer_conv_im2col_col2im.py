import numpy as np


def im2col(img, kh, kw, stride):
    n, c, h, w = img.shape
    oh = (h - kh) // stride + 1
    ow = (w - kw) // stride + 1
    col = np.zeros((n, c, kh, kw, oh, ow))
    for y in range(kh):
        for x in range(kw):
            col[:, :, y, x] = img[:, :, y:y + stride * oh:stride, x:x + stride * ow:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(n * oh * ow, -1)


def col2im(col, shape, kh, kw, stride):
    n, c, h, w = shape
    oh = (h - kh) // stride + 1
    ow = (w - kw) // stride + 1
    col = col.reshape(n, oh, ow, c, kh, kw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros(shape)
    for y in range(kh):
        for x in range(kw):
            img[:, :, y:y + stride * oh:stride, x:x + stride * ow:stride] += col[:, :, y, x]
    return img


class Convolution:
    def __init__(self, W, b, stride=1):
        self.W = W
        self.b = b
        self.stride = stride

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        N = x.shape[0]
        out_h = (x.shape[2] - FH) // self.stride + 1
        out_w = (x.shape[3] - FW) // self.stride + 1
        self.x = x
        self.col = im2col(x, FH, FW, self.stride)
        self.col_W = self.W.reshape(FN, -1).T
        out = np.dot(self.col, self.col_W) + self.b
        return out.reshape(N, out_h, out_w, FN).transpose(0, 3, 1, 2)

    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout).transpose(1, 0).reshape(FN, C, FH, FW)
        dcol = np.dot(dout, self.col_W.T)
        return col2im(dcol, self.x.shape, FH, FW, self.stride)
