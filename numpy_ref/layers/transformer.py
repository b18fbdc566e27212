"""A block of a transformer, and what stands before and after the blocks: positions, and the mean over points."""

from __future__ import annotations

import numpy as np

from experiment.positions import sinusoids
from numpy_ref.layers.activations import GELU, ReLU
from numpy_ref.layers.attention import MultiheadAttention
from numpy_ref.layers.dropout import Dropout
from numpy_ref.layers.linear import Linear
from numpy_ref.layers.normalization import LayerNorm
from numpy_ref.module import Layer, Parameter

__all__ = ["LearntPositions", "MaskedMean", "SinusoidalPositions", "TransformerEncoderLayer"]


class TransformerEncoderLayer(Layer):
    """z = x + attention(norm1(x)),  y = z + feedforward(norm2(z)): `norm_first=True`; x (B, T, D).

    feedforward(h) = `linear2`(activation(`linear1`(h))). Dropout follows both sums' second terms and the activation.
    A sum hands its gradient to both terms: dz = grad + norm2'(feedforward'(grad)), dL/dx = dz + norm1'(attention'(dz)),
    where f' stands for the `backward` of f. (Xiong et al. 2020; PyTorch's layer also drops attention weights.)
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1, activation: str = "relu",
        *, dtype: np.dtype, seed: int, number: int,
    ) -> None:  # fmt: skip
        self.self_attn = MultiheadAttention(d_model, nhead, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, dtype=dtype)
        self.dropout = Dropout(dropout, seed, number)
        self.linear2 = Linear(dim_feedforward, d_model, dtype=dtype)
        self.norm1, self.norm2 = LayerNorm(d_model, dtype=dtype), LayerNorm(d_model, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout, seed, number + 1), Dropout(dropout, seed, number + 2)
        self.activation = GELU() if activation == "gelu" else ReLU()

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y."""
        z = x + self.dropout1.forward(self.self_attn.forward(self.norm1.forward(x)))
        hidden = self.activation.forward(self.linear1.forward(self.norm2.forward(z)))
        return z + self.dropout2.forward(self.linear2.forward(self.dropout.forward(hidden)))

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx; each part sets its parameters' gradients."""
        hidden = self.dropout.backward(self.linear2.backward(self.dropout2.backward(grad)))
        dz = grad + self.norm2.backward(self.linear1.backward(self.activation.backward(hidden)))
        return dz + self.norm1.backward(self.self_attn.backward(self.dropout1.backward(dz)))


class LearntPositions(Layer):
    """y_t = x_t + W_t for point t: x (B, T, D), W = `weight` (longest, D). dL/dW_t = Σ_batch grad_t, dL/dx = grad."""

    def __init__(self, longest: int, size: int, *, dtype: np.dtype) -> None:
        self.weight = Parameter(np.zeros((longest, size), dtype))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x + the first T rows of W."""
        return x + self.weight.data[: x.shape[1]]

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dW into the parameter, 0 beyond T; grad returned."""
        self.weight.grad[...] = 0
        self.weight.grad[: grad.shape[1]] = grad.sum(axis=0)
        return grad


class SinusoidalPositions(Layer):
    """y_t = x_t + p_t: sines and cosines of t in waves of D / 2 lengths, x (B, T, D); dL/dx = grad.

    (Vaswani et al. 2017, section 3.5.)
    """

    def __init__(self, longest: int, size: int) -> None:
        self._positions = sinusoids(longest, size)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x + p."""
        return x + self._positions[: x.shape[1]].astype(x.dtype)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """grad."""
        return grad


class MaskedMean(Layer):
    """y = Σ_t m_t x_t / Σ_t m_t: the mean over the points of a sequence, padding (m = 0) left out; x (B, T, D).

    dL/dx_t = m_t grad / Σ m.
    """

    def __init__(self) -> None:
        self._padding: np.ndarray | None = None

    def note_padding(self, padding: np.ndarray | None) -> None:
        """Say which points of the next x are padding, (B, T) bool; None: none."""
        self._padding = padding

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The mean (B, D)."""
        real = np.ones(x.shape[:2], bool) if self._padding is None else ~self._padding
        self._shares = (real / real.sum(axis=1, keepdims=True)).astype(x.dtype)[:, :, None]
        return (x * self._shares).sum(axis=1)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """m grad / Σ m for each point (B, T, D)."""
        return grad[:, None] * self._shares
