"""Layers: each a function y = f(x) with its derivative, `forward` and `backward` side by side.

Shapes: B is the batch, `grad` is dL/dy, L the loss, a mean over the batch. Names and meanings are PyTorch's.
"""

from __future__ import annotations

import numpy as np

from numpy_ref.module import Layer, Parameter
from numpy_ref.products import LARGE, matmul, side_by_side


class Linear(Layer):
    """y = x Wᵀ + b, with x (B, in), W = `weight` (out, in), b = `bias` (out,).

    dL/dW = gradᵀ x,  dL/db = Σ_batch grad,  dL/dx = grad W.

    W has PyTorch's shape, but lies in memory as its transpose (in, out): the products with whole batches
    are up to a quarter faster so.
    """

    def __init__(self, in_features: int, out_features: int, dtype: np.dtype) -> None:
        self.weight = Parameter(np.zeros((in_features, out_features), dtype).T)
        self.bias = Parameter(np.zeros(out_features, dtype))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x Wᵀ + b."""
        self._x = x
        y = matmul(x, self.weight.data.T)
        y += self.bias.data
        return y

    def backward(self, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
        """dL/dW and dL/db into the parameters; dL/dx returned."""
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


class ReLU(Layer):
    """y = max(x, 0);  dL/dx = grad where x > 0, else 0 (as PyTorch: 0 at x = 0)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = max(x, 0)."""
        self._y = np.maximum(x, 0)
        return self._y

    def backward(self, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
        """dL/dx = grad · [y > 0]."""
        return grad * (self._y > 0)


class Normalize(Layer):
    """y = x / ‖x‖ for each row of x (B, D): every row becomes a unit vector (`torch.nn.functional.normalize`).

    With n = ‖x‖, ∂y_i/∂x_j = (δ_ij - y_i y_j) / n, so dL/dx = (grad - y (y · grad)) / n: what points along y
    cannot change a unit vector and is taken out of the gradient; the rest shrinks as x grows.
    Norms below 1e-12 count as 1e-12, as in PyTorch.
    """

    EPS = 1e-12

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x / max(‖x‖, 1e-12)."""
        norm = np.sqrt((x * x).sum(axis=1, keepdims=True))
        self._too_short = norm < self.EPS
        self._norm = np.maximum(norm, self.EPS)
        self._y = x / self._norm
        return self._y

    def backward(self, grad: np.ndarray, input_grad: bool = True) -> np.ndarray:
        """dL/dx = (grad - y (y · grad)) / ‖x‖, and grad / 1e-12 where the norm was cut off."""
        along = (self._y * grad).sum(axis=1, keepdims=True)
        along[self._too_short] = 0
        return (grad - self._y * along) / self._norm
