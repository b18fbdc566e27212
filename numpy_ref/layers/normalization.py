"""Normalisation: over the batch (`BatchNorm1d`, `BatchNorm2d`; Ioffe and Szegedy 2015), or of each row by itself."""

from __future__ import annotations

import numpy as np

from numpy_ref.layers.im2col import FEW, arranged
from numpy_ref.module import Layer, Parameter
from numpy_ref.parallel import MANY, in_halves

__all__ = ["BatchNorm1d", "BatchNorm2d", "LayerNorm", "Normalize"]


class BatchNorm1d(Layer):
    """y = γ x̂ + β with x̂ = (x - μ) / √(σ² + ε), for each feature: x (B, C), γ = `weight` (C,), β = `bias` (C,).

    In training μ and σ² are the batch's mean and (biased) variance, over N rows, and
    dL/dγ = Σ grad x̂,  dL/dβ = Σ grad,  dL/dx = γ / √(σ² + ε) · (grad - Σ grad / N - x̂ Σ (grad x̂) / N),
    since a change of one x also moves μ and σ². Running statistics r ← (1 - m) r + m (μ, or σ² N / (N - 1)), with
    m = `momentum`, replace the batch's as constants in evaluation.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, *, dtype: np.dtype) -> None:
        self.eps, self.momentum = eps, momentum
        self.weight = Parameter(np.ones(num_features, dtype))
        self.bias = Parameter(np.zeros(num_features, dtype))
        self.running_mean = np.zeros(num_features, dtype)
        self.running_var = np.ones(num_features, dtype)
        self.num_batches_tracked = np.zeros((), np.int64)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = γ x̂ + β; in training, the running statistics follow the batch's."""
        mean = _mean(x) if self.training else self.running_mean
        self._centred = _by_feature(np.subtract, x, mean)
        variance = _mean(self._centred, self._centred) if self.training else self.running_var
        if self.training:
            self._follow(mean, variance, x.size // x.shape[1])
        self._scale = 1 / np.sqrt(variance + x.dtype.type(self.eps))
        y = _by_feature(np.multiply, self._centred, self._scale * self.weight.data)
        return _by_feature(np.add, y, self.bias.data, out=y)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dγ and dL/dβ into the parameters; dL/dx returned."""
        rows = grad.size // grad.shape[1]
        mean_grad, mean_product = _mean(grad), _mean(grad, self._centred) * self._scale
        self.bias.grad[...], self.weight.grad[...] = rows * mean_grad, rows * mean_product
        steepness = self._scale * self.weight.data
        dx = _by_feature(np.multiply, grad, steepness)
        if self.training:
            dx -= _by_feature(np.multiply, self._centred, steepness * self._scale * mean_product)
            _by_feature(np.subtract, dx, steepness * mean_grad, out=dx)
        return dx

    def _follow(self, mean: np.ndarray, variance: np.ndarray, rows: int) -> None:
        if rows == 1:
            raise ValueError("BatchNorm needs more than one row to train on")
        keep, take = 1 - self.momentum, self.momentum
        self.running_mean[...] = keep * self.running_mean + take * mean
        self.running_var[...] = keep * self.running_var + take * variance * (rows / (rows - 1))
        self.num_batches_tracked += 1


class BatchNorm2d(BatchNorm1d):
    """The same for each channel of x (B, C, H, W): statistics over the batch and all positions, N = B H W rows."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = γ x̂ + β, channel by channel."""
        return super().forward(arranged(x))

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dγ and dL/dβ into the parameters; dL/dx returned."""
        return super().backward(arranged(grad))


class LayerNorm(Layer):
    """y = γ x̂ + β with x̂ = (x - μ) / √(σ² + ε), for each row: x (..., D), γ = `weight` (D,), β = `bias` (D,).

    μ and σ² are the row's mean and (biased) variance over its D numbers, in training and in evaluation alike, and
    dL/dγ = Σ grad x̂,  dL/dβ = Σ grad over the rows. With g = γ grad,
    dL/dx = (g - mean(g) - x̂ mean(g x̂)) / √(σ² + ε), the means over the row: a change of one x also moves μ and σ².
    (Ba, Kiros and Hinton 2016.)
    """

    def __init__(self, normalized_shape: int, eps: float = 1e-5, *, dtype: np.dtype) -> None:
        self.eps = eps
        self.weight = Parameter(np.ones(normalized_shape, dtype))
        self.bias = Parameter(np.zeros(normalized_shape, dtype))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = γ x̂ + β."""
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        self._scale = 1 / np.sqrt(variance + x.dtype.type(self.eps))
        self._normalized = centred * self._scale
        return self.weight.data * self._normalized + self.bias.data

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dγ and dL/dβ into the parameters; dL/dx returned."""
        rows = tuple(range(grad.ndim - 1))
        self.weight.grad[...] = (grad * self._normalized).sum(axis=rows)
        self.bias.grad[...] = grad.sum(axis=rows)
        g = self.weight.data * grad
        along = (g * self._normalized).mean(axis=-1, keepdims=True)
        return (g - g.mean(axis=-1, keepdims=True) - self._normalized * along) * self._scale


def _mean(a: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """The mean of a, or of a b, for each feature, (C,), of (B, C) or of an arranged (B, C, H, W).

    Each drawing is summed up by itself first: in float32 one long sum would lose digits.
    """
    if a.ndim == 2:
        return np.asarray((a if b is None else a * b).sum(axis=0)) / len(a)
    pixels = a.shape[2] * a.shape[3]
    sums, ones = np.empty(a.shape[:2], a.dtype), np.ones(pixels, a.dtype)

    def add_up(images: slice) -> None:
        some = a[images].reshape(-1, a.shape[1], pixels)
        if b is None:
            np.matmul(some, ones, out=sums[images])
        else:
            np.einsum("bcn,bcn->bc", some, b[images].reshape(some.shape), out=sums[images])

    in_halves(add_up, len(a), a.size >= MANY)
    return sums.sum(axis=0) / (len(a) * pixels)


def _by_feature(operation: np.ufunc, x: np.ndarray, vector: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """`operation` between x, (B, C) or arranged (B, C, H, W), and `vector` (C,)."""
    y = np.empty_like(x) if out is None else out
    if x.ndim == 2:
        return np.asarray(operation(x, vector, out=y))
    rows, result, factors = x, y, vector[:, None, None]
    if x.shape[1] > FEW:  # rows of pixels; the vector is laid out once for each: long rows are faster
        rows, result = (each.transpose(0, 2, 3, 1).reshape(len(x) * x.shape[2], -1) for each in (x, y))
        factors = np.tile(vector, x.shape[3])
    in_halves(lambda some: operation(rows[some], factors, out=result[some]), len(rows), x.size >= MANY)
    return y


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

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = (grad - y (y · grad)) / ‖x‖, and grad / 1e-12 where the norm was cut off."""
        along = (self._y * grad).sum(axis=1, keepdims=True)
        along[self._too_short] = 0
        return (grad - self._y * along) / self._norm
