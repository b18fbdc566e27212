"""Pooling: each output is the maximum or the mean of a window of its channel.

With kernel k, stride s and padding p, output (i, j) sees the rows s i - p to s i - p + k - 1, and columns likewise.
"""

from __future__ import annotations

import numpy as np

from numpy_ref.layers.im2col import arranged, filled, output_size, padded_with
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
        padded = padded_with(-np.inf, x, self.padding)
        views = _windows(padded, self)
        y = views[0].copy(order="K")
        self._gate = filled(y.shape, 0, np.dtype(np.uint8 if len(views) < 256 else np.int32))
        for number, candidate in enumerate(views[1:], start=1):
            np.maximum(self._gate, (candidate > y) * self._gate.dtype.type(number), out=self._gate)
            np.maximum(y, candidate, out=y)
        self._padded_shape = padded.shape
        return y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """grad, at the maxima."""
        grad = arranged(grad)
        dx = filled(self._padded_shape, 0, grad.dtype)
        for number, view in enumerate(_windows(dx, self)):
            if self.stride < self.kernel_size:
                view += grad * (self._gate == number)
            else:
                np.multiply(grad, self._gate == number, out=view)
        return _cropped(dx, self.padding)


class AvgPool2d(Layer):
    """y = the mean of each window, with padding counted as 0;  dL/dx = Σ grad / k² over the windows that see x.

    x is (B, C, H, W).
    """

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride or kernel_size, padding

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The means."""
        padded = padded_with(0, x, self.padding)
        views = _windows(padded, self)
        y = views[0].copy(order="K")
        for view in views[1:]:
            y += view
        y /= len(views)
        self._padded_shape = padded.shape
        return y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """grad / k², at each position of the window."""
        share = arranged(grad) / self.kernel_size**2
        dx = filled(self._padded_shape, 0, grad.dtype)
        for view in _windows(dx, self):
            view += share
        return _cropped(dx, self.padding)


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


def _cropped(x: np.ndarray, padding: int) -> np.ndarray:
    return x[:, :, padding : x.shape[2] - padding, padding : x.shape[3] - padding]


def _windows(padded: np.ndarray, pool: MaxPool2d | AvgPool2d) -> list[np.ndarray]:
    """For each position in a window a view (B, C, H', W') of what all windows have there."""
    kernel, stride = pool.kernel_size, pool.stride
    height, width = (output_size(size, kernel, stride, 0) for size in padded.shape[2:])
    return [
        padded[:, :, i : i + stride * (height - 1) + 1 : stride, j : j + stride * (width - 1) + 1 : stride]
        for i in range(kernel)
        for j in range(kernel)
    ]
