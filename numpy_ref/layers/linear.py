"""The linear (fully connected) layer."""

from __future__ import annotations

import numpy as np

from numpy_ref.module import Layer, Parameter
from numpy_ref.parallel import matmul, two_matmuls

__all__ = ["Linear"]


class Linear(Layer):
    """y = x Wᵀ + b, with x (B, in) or (B, T, in), W = `weight` (out, in), b = `bias` (out,), which may be left out.

    dL/dW = gradᵀ x,  dL/db = Σ_batch grad,  dL/dx = grad W. The points T of sequences are so many rows more.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, dtype: np.dtype) -> None:
        # order="F": Wᵀ lies in memory row by row, which makes products with whole batches up to a quarter faster
        self.weight = Parameter(np.zeros((out_features, in_features), dtype, order="F"))
        self.bias = Parameter(np.zeros(out_features, dtype)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x Wᵀ + b."""
        self._x = x.reshape(-1, x.shape[-1])
        y = matmul(self._x, self.weight.data.T)
        if self.bias:
            y += self.bias.data
        return y.reshape(*x.shape[:-1], -1)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dW = gradᵀ x and dL/db = Σ grad into the parameters; dL/dx = grad W returned."""
        rows = grad.reshape(-1, grad.shape[-1])
        if self.bias:
            self.bias.grad[...] = rows.sum(axis=0)
        dx = two_matmuls((rows.T, self._x), (rows, self.weight.data), out=self.weight.grad)
        return dx.reshape(*grad.shape[:-1], -1)

    def backward_parameters(self, grad: np.ndarray) -> None:
        """dL/dW = gradᵀ x and dL/db = Σ grad into the parameters."""
        rows = grad.reshape(-1, grad.shape[-1])
        if self.bias:
            self.bias.grad[...] = rows.sum(axis=0)
        matmul(rows.T, self._x, out=self.weight.grad)
