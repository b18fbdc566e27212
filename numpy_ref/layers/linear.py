"""The linear (fully connected) layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from numpy_ref.module import Layer, Parameter
from numpy_ref.parallel import matmul, two_matmuls

__all__ = ["Linear"]

Method = Callable[[Any, np.ndarray], Any]


def by_rows(method: Method) -> Method:
    """Let a method for rows (N, features) also take sequences (B, T, features): each point is a row."""

    @wraps(method)
    def with_rows(layer: Any, array: np.ndarray) -> Any:
        result = method(layer, array.reshape(-1, array.shape[-1]))
        return result if result is None or array.ndim == result.ndim else result.reshape(*array.shape[:-1], -1)

    return with_rows


class Linear(Layer):
    """y = x Wᵀ + b, with x (B, in) or (B, T, in), W = `weight` (out, in), b = `bias` (out,), which may be left out.

    dL/dW = gradᵀ x,  dL/db = Σ_batch grad,  dL/dx = grad W. In sequences each of the T points is a row.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, dtype: np.dtype) -> None:
        # order="F": Wᵀ lies in memory row by row, which makes products with whole batches up to a quarter faster
        self.weight = Parameter(np.zeros((out_features, in_features), dtype, order="F"))
        self.bias = Parameter(np.zeros(out_features, dtype)) if bias else None

    @by_rows
    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x Wᵀ + b."""
        self._x = x
        y = matmul(x, self.weight.data.T)
        if self.bias:
            y += self.bias.data
        return y

    @by_rows
    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dW = gradᵀ x and dL/db = Σ grad into the parameters; dL/dx = grad W returned."""
        if self.bias:
            self.bias.grad[...] = grad.sum(axis=0)
        return two_matmuls((grad.T, self._x), (grad, self.weight.data), out=self.weight.grad)

    @by_rows
    def backward_parameters(self, grad: np.ndarray) -> None:
        """dL/dW = gradᵀ x and dL/db = Σ grad into the parameters."""
        if self.bias:
            self.bias.grad[...] = grad.sum(axis=0)
        matmul(grad.T, self._x, out=self.weight.grad)
