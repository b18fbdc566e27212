"""The linear (fully connected) layer."""

from __future__ import annotations

import numpy as np

from numpy_ref.module import Layer, Parameter
from numpy_ref.products import LARGE, matmul, side_by_side


class Linear(Layer):
    """y = x Wᵀ + b, with x (B, in), W = `weight` (out, in), b = `bias` (out,), which may be left out.

    dL/dW = gradᵀ x,  dL/db = Σ_batch grad,  dL/dx = grad W.

    W has PyTorch's shape, but lies in memory as its transpose (in, out): the products with whole batches
    are up to a quarter faster so.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, dtype: np.dtype) -> None:
        self.weight = Parameter(np.zeros((in_features, out_features), dtype).T)
        self.bias = Parameter(np.zeros(out_features, dtype)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x Wᵀ + b."""
        self._x = x
        y = matmul(x, self.weight.data.T)
        if self.bias:
            y += self.bias.data
        return y

    def backward(self, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
        """dL/dW and dL/db into the parameters; dL/dx returned."""
        if self.bias:
            grad.sum(axis=0, out=self.bias.grad)
        x, weight_grad = self._x, self.weight.grad.T
        if not input_grad:
            matmul(x.T, grad, out=weight_grad)
            return grad
        if 2 * len(x) * self.weight.data.size < LARGE:
            np.matmul(x.T, grad, out=weight_grad)
            return grad @ self.weight.data
        dx = np.empty_like(x)
        side_by_side(lambda: np.matmul(x.T, grad, out=weight_grad), lambda: np.matmul(grad, self.weight.data, out=dx))
        return dx
