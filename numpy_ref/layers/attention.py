"""Self-attention (Vaswani et al. 2017, "Attention Is All You Need"); docs/attention.md derives each line of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from numpy_ref.module import Layer, Module, Parameter
from numpy_ref.parallel import LARGE, matmul, run_in_parallel, two_matmuls

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Layer):
    """y = concat(o₁ ... o_H) Wₒᵀ + bₒ with o = softmax(q kᵀ / √d) v for each of the H heads; x (B, T, D), d = D / H.

    q, k and v are thirds of x Wᵀ + b, W = `in_proj_weight` (3 D, D), b = `in_proj_bias` (3 D,), cut into heads; Wₒ =
    `out_proj.weight` (D, D), bₒ = `out_proj.bias` (D,). With a = softmax(s), s = q kᵀ / √d and do from grad Wₒ:
    dL/dv = aᵀ do,  da = do vᵀ,  ds = a (da - Σ_keys a da),  dL/dq = ds k / √d,  dL/dk = dsᵀ q / √d,
    dL/dx = (dL/dq, dL/dk, dL/dv) W.

    Padded keys get s = -∞, so a = 0. The bias of k adds the same to a row of s, which softmax takes away again: its
    gradient is 0, and is written as 0, for what comes out in its place is nothing but rounding.
    """

    def __init__(self, embed_dim: int, num_heads: int, *, dtype: np.dtype) -> None:
        self.num_heads = num_heads
        self.in_proj_weight = Parameter(np.zeros((3 * embed_dim, embed_dim), dtype, order="F"))
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, dtype))
        self.out_proj = _Projection(embed_dim, dtype)
        self._padding: np.ndarray | None = None

    def note_padding(self, padding: np.ndarray | None) -> None:
        """Say which points of the next x are padding, (B, T) bool; None: none. PyTorch's `key_padding_mask`."""
        self._padding = padding

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y; `_weights` keeps the attention a (B, H, T, T): how much each point looks at each other."""
        self._x = x.reshape(-1, x.shape[2])
        projected = matmul(self._x, self.in_proj_weight.data.T)
        projected += self.in_proj_bias.data
        self._q, self._k, self._v = self._in_heads(projected, x.shape)
        self._scale = x.dtype.type((x.shape[2] // self.num_heads) ** -0.5)
        self._q *= self._scale
        self._weights, outputs = _over_samples(self._attend, self._q, self._k, self._v)
        self._outputs = outputs
        self._joined = outputs.transpose(0, 2, 1, 3).reshape(self._x.shape)
        y = matmul(self._joined, self.out_proj.weight.data.T)
        y += self.out_proj.bias.data
        return y.reshape(x.shape)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """The parameters' gradients; dL/dx returned."""
        shape = grad.shape
        grad = grad.reshape(self._x.shape)
        self.out_proj.bias.grad[...] = grad.sum(axis=0)
        joined = two_matmuls((grad.T, self._joined), (grad, self.out_proj.weight.data), out=self.out_proj.weight.grad)
        (d_outputs,) = self._in_heads(joined, shape)
        dq, dk, dv = _over_samples(
            self._attend_backward, d_outputs, self._q, self._k, self._v, self._weights, self._outputs
        )
        projected = np.stack([dq, dk, dv]).transpose(1, 3, 0, 2, 4).reshape(len(grad), -1)
        size = shape[2]
        self.in_proj_bias.grad[...] = projected.sum(axis=0)
        self.in_proj_bias.grad[size : 2 * size] = 0
        dx = two_matmuls((projected.T, self._x), (projected, self.in_proj_weight.data), out=self.in_proj_weight.grad)
        return dx.reshape(shape)

    def _attend(self, some: slice, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, ...]:
        """a and o of some samples; q is divided by √d already."""
        scores = q @ k.transpose(0, 1, 3, 2)
        if self._padding is not None:
            np.copyto(scores, -np.inf, where=self._padding[some, None, None, :])
        scores -= scores.max(axis=-1, keepdims=True)
        weights = np.exp(scores, out=scores)
        weights /= weights.sum(axis=-1, keepdims=True)
        return weights, weights @ v

    def _attend_backward(
        self, some: slice, grad: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, a: np.ndarray, o: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """dL/dq, dL/dk and dL/dv of some samples. Σ_keys a da = Σ_keys a (do · v) = do · o."""
        dv = a.transpose(0, 1, 3, 2) @ grad
        ds = grad @ v.transpose(0, 1, 3, 2)
        ds -= (grad * o).sum(axis=-1, keepdims=True)
        ds *= a
        return (ds @ k) * self._scale, ds.transpose(0, 1, 3, 2) @ q, dv

    def _in_heads(self, rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """(B T, parts D) as (parts, B, H, T, d)."""
        batch, points, size = shape
        parts = rows.reshape(batch, points, -1, self.num_heads, size // self.num_heads)
        return np.ascontiguousarray(parts.transpose(2, 0, 3, 1, 4))


class _Projection(Module):
    """Wₒ and bₒ under the names that PyTorch gives them."""

    def __init__(self, size: int, dtype: np.dtype) -> None:
        self.weight = Parameter(np.zeros((size, size), dtype, order="F"))
        self.bias = Parameter(np.zeros(size, dtype))


def _over_samples(compute: Callable[..., tuple[np.ndarray, ...]], *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """`compute(samples, *arrays[samples])`, where that is much work in two halves of the batch at the same time."""
    count, heads, points, size = arrays[0].shape
    if count < 2 or count * heads * points * points * size < LARGE:
        return compute(slice(0, count), *arrays)
    halves = slice(0, count // 2), slice(count // 2, count)
    first, second = run_in_parallel(
        lambda: compute(halves[0], *(array[halves[0]] for array in arrays)),
        lambda: compute(halves[1], *(array[halves[1]] for array in arrays)),
    )
    return tuple(np.concatenate(pair) for pair in zip(first, second, strict=True))
