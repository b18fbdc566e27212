"""Two-dimensional convolution, by patches and matrix products."""

from __future__ import annotations

import numpy as np

from numpy_ref.layers.im2col import (
    arranged,
    as_matrix,
    by_channel,
    filled,
    output_size,
    padded_with,
    patches_of,
    patches_times,
    patches_transposed_times,
    zero_kernels,
)
from numpy_ref.module import Layer, Parameter
from numpy_ref.parallel import run_in_parallel

__all__ = ["Conv2d"]


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
        self.weight = Parameter(zero_kernels(out_channels, in_channels, kernel_size, dtype))
        self.bias = Parameter(np.zeros(out_channels, dtype)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = P Wᵀ + b."""
        k, s, p = self.kernel_size, self.stride, self.padding
        self._height, self._width = x.shape[2:]
        height, width = (output_size(size, k, s, p) for size in x.shape[2:])
        self._patches = patches_of(padded_with(0, x, p), k, s, 0, height, width)
        y = patches_times(self._patches, as_matrix(self.weight.data), two_cores=True)
        if self.bias:
            y += self.bias.data[:, None, None]
        return y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dW and dL/db into the parameters; dL/dx returned. Each takes a core of its own."""
        grad = arranged(grad)
        return run_in_parallel(lambda: self._set_gradients(grad), lambda: self._input_gradient(grad))[1]

    def backward_parameters(self, grad: np.ndarray) -> None:
        """dL/dW and dL/db into the parameters."""
        self._set_gradients(arranged(grad))

    def _set_gradients(self, grad: np.ndarray) -> None:
        """dL/db = Σ grad and dL/dW = gradᵀ P, with grad (B, O, H', W')."""
        if self.bias:
            rows = by_channel(grad)
            self.bias.grad[...] = np.ones(len(rows), grad.dtype) @ rows
        patches_transposed_times(self._patches, grad, out=as_matrix(self.weight.grad))

    def _input_gradient(self, grad: np.ndarray) -> np.ndarray:
        """The convolution of grad (B, O, H', W'), spread out, with the kernels turned round: (B, C, H, W)."""
        k, s, p = self.kernel_size, self.stride, self.padding
        batch, channels, rows, columns = grad.shape
        spread = filled((batch, channels, self._height + 2 * p + k - 1, self._width + 2 * p + k - 1), 0, grad.dtype)
        spread[:, :, k - 1 : k + s * (rows - 1) : s, k - 1 : k + s * (columns - 1) : s] = grad
        turned = np.ascontiguousarray(self.weight.data.transpose(2, 3, 0, 1)[::-1, ::-1])
        patches = patches_of(spread, k, 1, p, self._height, self._width)
        return patches_times(patches, turned.reshape(-1, turned.shape[-1]), two_cores=False)
