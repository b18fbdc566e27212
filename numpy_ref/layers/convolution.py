"""Two-dimensional convolution, by patches and matrix products (im2col).

Shapes are PyTorch's (B, C, H, W), but in memory the channels come last: a patch then is a few long runs of numbers,
and a batch of patches times the kernels is one matrix product. Patches are made for a few drawings at a time, so
that they stay in the processor's cache; in `backward` they are made anew, which is faster than keeping them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from numpy_ref.module import Layer, Parameter
from numpy_ref.products import LARGE, side_by_side

PATCHES = 250_000
"""Numbers in the patches made at a time: about a megabyte."""


class Conv2d(Layer):
    """y[b,o,i,j] = b[o] + Σ_{c,u,v} x[b, c, s i + u - p, s j + v - p] W[o,c,u,v], with x = 0 outside.

    x is (B, C, H, W), W = `weight` (O, C, k, k), b = `bias` (O,), which may be left out, s the stride, p the padding;
    y is (B, O, H', W') with H' = ⌊(H + 2p - k) / s⌋ + 1.

    With the patches as the rows of a matrix P (B H' W', C k²) this is y = P Wᵀ + b, so dL/dW = gradᵀ P and
    dL/db = Σ grad, as in `Linear`. dL/dx[b,c,m,n] = Σ_{o,u,v} grad[b, o, (m + p - u) / s, (n + p - v) / s] W[o,c,u,v]
    over whole numbers, which is a convolution as well: of grad, spread out by the stride, with the kernel turned round.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        *,
        dtype: np.dtype,
    ) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        kernels = np.zeros((kernel_size, kernel_size, in_channels, out_channels), dtype)
        self.weight = Parameter(kernels.transpose(3, 2, 0, 1))
        self.bias = Parameter(np.zeros(out_channels, dtype)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = P Wᵀ + b."""
        k, s, p = self.kernel_size, self.stride, self.padding
        batch, _, height, width = x.shape
        self._shape = x.shape
        padded = np.zeros((batch, height + 2 * p, width + 2 * p, x.shape[1]), x.dtype)
        padded[:, p : p + height, p : p + width] = x.transpose(0, 2, 3, 1)
        self._patches = _patches(padded, k, s, 0, output_size(height, k, s, p), output_size(width, k, s, p))
        y = _products(self._patches, _as_matrix(self.weight.data), shared=True)
        if self.bias:
            y += self.bias.data
        return y.transpose(0, 3, 1, 2)

    def backward(self, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
        """dL/dW and dL/db into the parameters; dL/dx returned."""
        last = channels_last(grad)
        if self.bias:
            self.bias.grad[...] = np.ones(last[..., 0].size, grad.dtype) @ last.reshape(-1, last.shape[-1])
        if not input_grad:
            self._weight_grad(last)
            return grad
        found: list[np.ndarray] = []
        side_by_side(lambda: self._weight_grad(last), lambda: found.append(self._input_grad(last)))
        return found[0].transpose(0, 3, 1, 2)

    def _weight_grad(self, grad: np.ndarray) -> None:
        """gradᵀ P, with grad (B, H', W', O)."""
        target = _as_matrix(self.weight.grad)
        target[...] = 0
        for few, patches in _few_at_a_time(self._patches):
            target += patches.T @ grad[few].reshape(-1, grad.shape[-1])

    def _input_grad(self, grad: np.ndarray) -> np.ndarray:
        """The convolution of grad (B, H', W', O) with the kernels turned round: (B, H, W, C)."""
        k, s, p = self.kernel_size, self.stride, self.padding
        batch, _, height, width = self._shape
        spread = np.zeros((batch, height + 2 * p + k - 1, width + 2 * p + k - 1, grad.shape[-1]), grad.dtype)
        rows, columns = (slice(k - 1, k + s * (count - 1), s) for count in grad.shape[1:3])
        spread[:, rows, columns] = grad
        turned = self.weight.data.transpose(2, 3, 0, 1)[::-1, ::-1]
        kernels = np.ascontiguousarray(turned).reshape(-1, turned.shape[-1])
        return _products(_patches(spread, k, 1, p, height, width), kernels, shared=False)


def channels_last(x: np.ndarray) -> np.ndarray:
    """x (B, C, H, W) as (B, H, W, C), copied only if it lies otherwise in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def output_size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    """⌊(size + 2 padding - kernel) / stride⌋ + 1."""
    return (size + 2 * padding - kernel_size) // stride + 1


def _as_matrix(weight: np.ndarray) -> np.ndarray:
    """A weight (O, C, k, k) as the view (k k C, O) that it has in memory."""
    return weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))


def _patches(padded: np.ndarray, k: int, stride: int, start: int, height: int, width: int) -> np.ndarray:
    """A view (B, height, width, k, k, C) of `padded` (B, ., ., C): windows whose first begins at (start, start)."""
    batch, row, column, channel = padded.strides
    shape = (len(padded), height, width, k, k, padded.shape[3])
    strides = (batch, stride * row, stride * column, row, column, channel)
    return as_strided(padded[:, start:, start:], shape, strides, writeable=False)


def _few_at_a_time(patches: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """The patches of a few drawings, copied into rows (few H' W', k k C), and which drawings they are."""
    few = max(1, PATCHES // patches[0].size)
    for start in range(0, len(patches), few):
        part = patches[start : start + few]
        yield slice(start, start + len(part)), part.reshape(-1, math.prod(patches.shape[3:]))


def _products(patches: np.ndarray, kernels: np.ndarray, shared: bool) -> np.ndarray:
    """The patches (B, H', W', k, k, C) times `kernels` (k k C, O): (B, H', W', O); `shared`: on two cores if large."""
    y = np.empty((*patches.shape[:3], kernels.shape[1]), patches.dtype)

    def multiply(drawings: slice) -> None:
        for few, rows in _few_at_a_time(patches[drawings]):
            np.matmul(rows, kernels, out=y[drawings][few].reshape(len(rows), -1))

    half = len(y) // 2
    if not shared or patches.size * kernels.shape[1] < LARGE or not half:
        multiply(slice(len(y)))
    else:
        side_by_side(lambda: multiply(slice(half)), lambda: multiply(slice(half, None)))
    return y
