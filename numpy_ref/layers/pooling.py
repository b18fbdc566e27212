"""Pooling: each output is the maximum or the mean of a window of its channel.

With kernel k, stride s and padding p, output (i, j) sees the rows s i - p to s i - p + k - 1, and columns likewise.
"""

from __future__ import annotations

import numpy as np

from numpy_ref.layers.im2col import channels_last, output_size
from numpy_ref.module import Layer

__all__ = ["AdaptiveAvgPool2d", "AvgPool2d", "MaxPool2d"]


class MaxPool2d(Layer):
    """y = the maximum of each window;  dL/dx = grad at the position of the maximum (the first of equals), else 0.

    x is (B, C, H, W); padding counts as -∞. Where windows overlap, gradients add up.
    """

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride or kernel_size, padding

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The maxima; `_gate` keeps the position of each in its window."""
        padded = _padded(channels_last(x), self.padding, -np.inf)
        views = _windows(padded, self)
        y = views[0].copy()
        self._gate = np.zeros(y.shape, np.uint8 if len(views) < 256 else np.int32)
        for number, candidate in enumerate(views[1:], start=1):
            np.maximum(self._gate, (candidate > y) * self._gate.dtype.type(number), out=self._gate)
            np.maximum(y, candidate, out=y)
        self._padded_shape = padded.shape
        return y.transpose(0, 3, 1, 2)

    def candidates(self, x: np.ndarray, gate: np.ndarray) -> np.ndarray:
        """The numbers (B, H', W', C) that stand at the positions `gate` of the windows."""
        views = _windows(_padded(channels_last(x), self.padding, -np.inf), self)
        return np.take_along_axis(np.stack(views), gate[None].astype(np.int64), axis=0)[0]

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """grad, at the maxima."""
        grad = grad.transpose(0, 2, 3, 1)
        dx = np.zeros(self._padded_shape, grad.dtype)
        for number, view in enumerate(_windows(dx, self)):
            if self.stride < self.kernel_size:
                view += grad * (self._gate == number)
            else:
                np.multiply(grad, self._gate == number, out=view)
        return _cropped(dx, self.padding).transpose(0, 3, 1, 2)


class AvgPool2d(Layer):
    """y = the mean of each window, with padding counted as 0;  dL/dx = Σ grad / k² over the windows that see x.

    x is (B, C, H, W).
    """

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride or kernel_size, padding

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The means."""
        padded = _padded(channels_last(x), self.padding, 0)
        views = _windows(padded, self)
        y = views[0].copy()
        for view in views[1:]:
            y += view
        y /= len(views)
        self._padded_shape = padded.shape
        return y.transpose(0, 3, 1, 2)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """grad / k², at each position of the window."""
        share = grad.transpose(0, 2, 3, 1) / self.kernel_size**2
        dx = np.zeros(self._padded_shape, grad.dtype)
        for view in _windows(dx, self):
            view += share
        return _cropped(dx, self.padding).transpose(0, 3, 1, 2)


class AdaptiveAvgPool2d(Layer):
    """Global average: y = the mean of each channel, (B, C, 1, 1);  dL/dx = grad / (H W) everywhere.

    Of PyTorch's layer, only `output_size` 1.
    """

    def __init__(self, output_size: int) -> None:
        assert output_size == 1

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The mean over height and width."""
        self._shape = x.shape
        return x.mean(axis=(2, 3), keepdims=True)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """grad / (H W)."""
        _, _, height, width = self._shape
        return np.broadcast_to(grad / (height * width), self._shape)


def _padded(x: np.ndarray, padding: int, value: float) -> np.ndarray:
    """x (B, H, W, C) with `padding` rows and columns of `value` around each picture."""
    if not padding:
        return x
    return np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), constant_values=value)


def _cropped(x: np.ndarray, padding: int) -> np.ndarray:
    return x[:, padding : x.shape[1] - padding, padding : x.shape[2] - padding]


def _windows(padded: np.ndarray, pool: MaxPool2d | AvgPool2d) -> list[np.ndarray]:
    """For each position in a window a view (B, H', W', C) of what all windows have there."""
    kernel, stride = pool.kernel_size, pool.stride
    height, width = (output_size(size, kernel, stride, 0) for size in padded.shape[1:3])
    return [
        padded[:, i : i + stride * (height - 1) + 1 : stride, j : j + stride * (width - 1) + 1 : stride]
        for i in range(kernel)
        for j in range(kernel)
    ]
