"""How convolutions see an image: patches as rows of a matrix (im2col), channels last in memory.

Shapes are PyTorch's (B, C, H, W) everywhere else; here the channels come last, (B, H, W, C): a patch then is a few
long runs of numbers, and a batch of patches times the kernels is one matrix product. The matrix of all patches is
k² times as large as the images and would not fit into the processor's cache: patches are copied into rows for a few
images at a time, and made anew in `backward`, which is faster than keeping them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from numpy_ref.parallel import LARGE, run_in_parallel

ROWS_AT_A_TIME = 250_000
"""Numbers in the rows made at a time: about a megabyte."""


def channels_last(x: np.ndarray) -> np.ndarray:
    """x (B, C, H, W) as (B, H, W, C), copied only if it lies otherwise in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def channels_first(x: np.ndarray) -> np.ndarray:
    """x (B, H, W, C) as (B, C, H, W), without copying."""
    return x.transpose(0, 3, 1, 2)


def output_size(size: int, kernel_size: int, stride: int, padding: int) -> int:
    """⌊(size + 2 padding - kernel) / stride⌋ + 1."""
    return (size + 2 * padding - kernel_size) // stride + 1


def zero_kernels(out_channels: int, in_channels: int, k: int, dtype: np.dtype) -> np.ndarray:
    """Kernels (O, C, k, k) of zeros that lie in memory as the matrix (k k C, O): no product has to copy them."""
    return np.zeros((k, k, in_channels, out_channels), dtype).transpose(3, 2, 0, 1)


def as_matrix(kernels: np.ndarray) -> np.ndarray:
    """Kernels (O, C, k, k) as the view (k k C, O) that they have in memory."""
    return kernels.transpose(2, 3, 1, 0).reshape(-1, len(kernels))


def zero_padded(x: np.ndarray, padding: int) -> np.ndarray:
    """x (B, C, H, W) as (B, H + 2 padding, W + 2 padding, C), with zeros around each image."""
    batch, channels, height, width = x.shape
    padded = np.zeros((batch, height + 2 * padding, width + 2 * padding, channels), x.dtype)
    padded[:, padding : padding + height, padding : padding + width] = x.transpose(0, 2, 3, 1)
    return padded


def patches_of(padded: np.ndarray, k: int, stride: int, start: int, height: int, width: int) -> np.ndarray:
    """A view (B, height, width, k, k, C) of `padded` (B, ., ., C): windows whose first begins at (start, start)."""
    batch, row, column, channel = padded.strides
    shape = (len(padded), height, width, k, k, padded.shape[3])
    strides = (batch, stride * row, stride * column, row, column, channel)
    return as_strided(padded[:, start:, start:], shape, strides, writeable=False)


def patches_times(patches: np.ndarray, kernels: np.ndarray, two_cores: bool) -> np.ndarray:
    """P K, (B, H', W', O), of the patches (B, H', W', k, k, C) and a matrix (k k C, O); on two cores if large."""
    y = np.empty((*patches.shape[:3], kernels.shape[1]), patches.dtype)

    def multiply(images: slice) -> None:
        for few, rows in _few_at_a_time(patches[images]):
            np.matmul(rows, kernels, out=y[images][few].reshape(len(rows), -1))

    half = len(y) // 2
    if not two_cores or patches.size * kernels.shape[1] < LARGE or not half:
        multiply(slice(len(y)))
    else:
        run_in_parallel(lambda: multiply(slice(half)), lambda: multiply(slice(half, None)))
    return y


def patches_transposed_times(patches: np.ndarray, grad: np.ndarray, out: np.ndarray) -> None:
    """Pᵀ grad into `out` (k k C, O), of the patches (B, H', W', k, k, C) and grad (B, H', W', O)."""
    out[...] = 0
    for few, rows in _few_at_a_time(patches):
        out += rows.T @ grad[few].reshape(-1, grad.shape[-1])


def _few_at_a_time(patches: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """The patches of a few images, copied into rows (few H' W', k k C), and which images they are."""
    few = max(1, ROWS_AT_A_TIME // patches[0].size)
    for start in range(0, len(patches), few):
        part = patches[start : start + few]
        yield slice(start, start + len(part)), part.reshape(-1, math.prod(patches.shape[3:]))
