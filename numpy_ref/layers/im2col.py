"""How images lie in memory, and how convolutions see them: patches as rows of a matrix (im2col).

Shapes are PyTorch's (B, C, H, W) everywhere. In memory (`arranged`) the channels come last, (B, H, W, C): a patch then
is a few long runs of numbers. With FEW channels or less those runs would be short, and the channels come first of all,
(C, B, H, W): the runs are rows of pixels. A CNN of 4 channels trains twice as fast for it.

A batch of patches times the kernels is one matrix product. The matrix of all patches is k² times as large as the images
and would not fit into the processor's cache: patches are copied into rows for a few images at a time, and made anew in
`backward`, which is faster than keeping them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from numpy_ref.parallel import LARGE, in_halves

FEW = 8
"""Most channels that come first in memory."""
COPY = 30
"""Multiplications that take as long as it takes to copy a number into the rows."""
ROWS_AT_A_TIME = 500_000
"""Numbers in the rows made at a time: about two megabytes."""


def arranged(x: np.ndarray) -> np.ndarray:
    """x (B, C, H, W), copied only if it does not lie in memory as described above."""
    to_memory, back = _orders(x.shape[1])
    return np.ascontiguousarray(x.transpose(to_memory)).transpose(back)


def filled(shape: tuple[int, ...], value: float, dtype: np.dtype) -> np.ndarray:
    """An arranged array of this shape (B, C, H, W), full of `value`."""
    to_memory, back = _orders(shape[1])
    return np.full([shape[axis] for axis in to_memory], value, dtype).transpose(back)


def by_channel(x: np.ndarray) -> np.ndarray:
    """An arranged x (B, C, H, W), or a slice of its images, as the view (B H W, C)."""
    in_memory = x.transpose(_orders(x.shape[1])[0])
    if x.shape[1] <= FEW:
        return in_memory.reshape(x.shape[1], -1).T
    return in_memory.reshape(-1, x.shape[1])


def _orders(channels: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes (B, C, H, W) in the order in which they lie in memory, and the way back."""
    return ((1, 0, 2, 3), (1, 0, 2, 3)) if channels <= FEW else ((0, 2, 3, 1), (0, 3, 1, 2))


def output_size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    """⌊(size + 2 padding - kernel) / stride⌋ + 1."""
    return (size + 2 * padding - kernel_size) // stride + 1


def zero_kernels(out_channels: int, in_channels: int, k: int, dtype: np.dtype) -> np.ndarray:
    """Kernels (O, C, k, k) of zeros that lie in memory as the matrix (k k C, O): no product has to copy them."""
    return np.zeros((k, k, in_channels, out_channels), dtype).transpose(3, 2, 0, 1)


def as_matrix(kernels: np.ndarray) -> np.ndarray:
    """Kernels (O, C, k, k) as the view (k k C, O) that they have in memory."""
    return kernels.transpose(2, 3, 1, 0).reshape(-1, len(kernels))


def padded_with(value: float, x: np.ndarray, padding: int) -> np.ndarray:
    """x (B, C, H, W) arranged, as (B, C, H + 2 padding, W + 2 padding) with `value` around each image."""
    if not padding:
        return arranged(x)
    batch, channels, height, width = x.shape
    padded = filled((batch, channels, height + 2 * padding, width + 2 * padding), value, x.dtype)
    padded[:, :, padding : padding + height, padding : padding + width] = x
    return padded


def patches_of(padded: np.ndarray, k: int, stride: int, start: int, height: int, width: int) -> np.ndarray:
    """A view (B, height, width, k, k, C) of `padded` (B, C, ., .): windows whose first begins at (start, start)."""
    batch, channel, row, column = padded.strides
    shape = (len(padded), height, width, k, k, padded.shape[1])
    strides = (batch, stride * row, stride * column, row, column, channel)
    return as_strided(padded[:, :, start:, start:], shape, strides, writeable=False)


def patches_times(patches: np.ndarray, kernels: np.ndarray, two_cores: bool) -> np.ndarray:
    """P K, (B, O, H', W'), of the patches (B, H', W', k, k, C) and a matrix (k k C, O); on two cores if large."""
    batch, height, width = patches.shape[:3]
    to_memory, back = _orders(kernels.shape[1])
    shape = (batch, kernels.shape[1], height, width)
    y = np.empty([shape[axis] for axis in to_memory], patches.dtype).transpose(back)

    def multiply(images: slice) -> None:
        for few, rows in _few_at_a_time(patches[images]):
            np.matmul(rows, kernels, out=by_channel(y[images][few]))

    in_halves(multiply, batch, two_cores and patches.size * (COPY + kernels.shape[1]) >= LARGE)
    return y


def patches_transposed_times(patches: np.ndarray, grad: np.ndarray, out: np.ndarray) -> None:
    """Pᵀ grad into `out` (k k C, O), of the patches (B, H', W', k, k, C) and an arranged grad (B, O, H', W')."""
    out[...] = 0
    for few, rows in _few_at_a_time(patches):
        out += rows.T @ by_channel(grad[few])


def _few_at_a_time(patches: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """The patches of a few images, copied into rows (few H' W', k k C), and which images they are."""
    few = max(1, ROWS_AT_A_TIME // patches[0].size)
    numbers = math.prod(patches.shape[3:])
    for start in range(0, len(patches), few):
        part = patches[start : start + few]
        if patches.shape[-1] <= FEW:  # the rows lie in memory as columns: each number of all patches is one long run
            rows = part.transpose(3, 4, 5, 0, 1, 2).reshape(numbers, -1).T
        else:
            rows = part.reshape(-1, numbers)
        yield slice(start, start + len(part)), rows
