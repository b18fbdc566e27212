"""The layers of a network: PyTorch's own, but for those below. The twin of numpy_ref/layers/."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import Module, Parameter, Sequential
from torch.nn.functional import multi_head_attention_forward, normalize

from experiment.positions import sinusoids
from experiment.randomness import dropout_mask


def __getattr__(name: str) -> Any:
    """Every other layer is the class of that name in `torch.nn`."""
    return getattr(torch.nn, name)


class Dropout(Module):
    """In training y = m x / (1 - p), where each m is 0 with probability p, else 1; in evaluation y = x.

    The masks come from the NumPy generator, so that both tracks drop the same numbers.
    """

    def __init__(self, p: float, seed: int, number: int) -> None:
        super().__init__()
        self.p, self.seed, self.number = p, seed, number
        self.step = (0, 0)
        """(epoch, batch_idx), both from 0."""
        self.share: tuple[int, int, int] | None = None
        """Where several processes train: from which row, to which, of how many in the global batch x is."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = m x / (1 - p) in training, else x."""
        if not self.training:
            return x
        first, _, total = self.share or (0, len(x), len(x))
        mask = dropout_mask(self.seed, self.number, self.step, self.p, (total, *x.shape[1:]))
        mask = mask[min(first, total - 1) :][: len(x)]
        return x * (torch.from_numpy(mask).to(x) / (1 - self.p))


class Normalize(Module):
    """y = x / ‖x‖ for each row of x (B, D): every row becomes a unit vector."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = x / max(‖x‖, 1e-12)."""
        return normalize(x, dim=1)


class MultiheadAttention(torch.nn.MultiheadAttention):
    """Self-attention by PyTorch's own function, with the padding noted before instead of given with each call."""

    def __init__(self, embed_dim: int, num_heads: int, *, dtype: torch.dtype) -> None:
        super().__init__(embed_dim, num_heads, batch_first=True, dtype=dtype)
        self._padding: torch.Tensor | None = None

    def note_padding(self, padding: torch.Tensor | None) -> None:
        """Say which points of the next x are padding, (B, T) bool; None: none. PyTorch's `key_padding_mask`."""
        self._padding = padding

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """y (B, T, D) of x (B, T, D)."""
        return self._attend(x, need_weights=False)[0]

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """The attention (B, H, T, T): how much each point looks at each other."""
        return self._attend(x, need_weights=True)[1]

    def _attend(self, x: torch.Tensor, need_weights: bool) -> Any:
        rows = x.transpose(0, 1)
        bias_q, bias_k, bias_v = self.in_proj_bias.chunk(3)
        bias = torch.cat(
            [bias_q, bias_k.detach(), bias_v]
        )  # that of k has no effect: see numpy_ref/layers/attention.py
        y, weights = multi_head_attention_forward(
            rows, rows, rows, self.embed_dim, self.num_heads, self.in_proj_weight, bias, None, None, False, 0.0,
            self.out_proj.weight, self.out_proj.bias, training=self.training, key_padding_mask=self._padding,
            need_weights=need_weights, average_attn_weights=False,
        )  # fmt: skip
        return y.transpose(0, 1), weights


class TransformerEncoderLayer(torch.nn.TransformerEncoderLayer):
    """PyTorch's layer with `norm_first=True`, but with NumPy's masks of dropout, and none on attention weights."""

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1, activation: str = "relu",
        *, dtype: torch.dtype, seed: int, number: int,
    ) -> None:  # fmt: skip
        super().__init__(d_model, nhead, dim_feedforward, 0.0, batch_first=True, norm_first=True, dtype=dtype)
        self.self_attn = MultiheadAttention(d_model, nhead, dtype=dtype)
        self.dropout = Dropout(dropout, seed, number)  # type: ignore[assignment]
        self.dropout1, self.dropout2 = Dropout(dropout, seed, number + 1), Dropout(dropout, seed, number + 2)  # type: ignore[assignment]
        self.activation = torch.nn.GELU() if activation == "gelu" else torch.nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """y, by the two lines of `torch.nn.TransformerEncoderLayer.forward` for `norm_first`."""
        z = x + self.dropout1(self.self_attn(self.norm1(x)))
        return z + self._ff_block(self.norm2(z))


class LearntPositions(Module):
    """y_t = x_t + W_t for point t: x (B, T, D), W = `weight` (longest, D)."""

    def __init__(self, longest: int, size: int, *, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = Parameter(torch.zeros(longest, size, dtype=dtype))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = x + the first T rows of W."""
        return x + self.weight[: x.shape[1]]


class SinusoidalPositions(Module):
    """y_t = x_t + p_t: sines and cosines of t in waves of D / 2 lengths, x (B, T, D)."""

    def __init__(self, longest: int, size: int) -> None:
        super().__init__()
        self._positions: torch.Tensor
        self.register_buffer("_positions", torch.from_numpy(sinusoids(longest, size)), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = x + p."""
        return x + self._positions[: x.shape[1]].to(x.dtype)


class MaskedMean(Module):
    """y = Σ_t m_t x_t / Σ_t m_t: the mean over the points of a sequence, padding (m = 0) left out; x (B, T, D)."""

    def __init__(self) -> None:
        super().__init__()
        self._padding: torch.Tensor | None = None

    def note_padding(self, padding: torch.Tensor | None) -> None:
        """Say which points of the next x are padding, (B, T) bool; None: none."""
        self._padding = padding

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The mean (B, D)."""
        if self._padding is None:
            return x.mean(dim=1)
        real = (~self._padding).to(x.dtype)[:, :, None]
        return (x * real).sum(dim=1) / real.sum(dim=1)


class Residual(Module):
    """y = x + f(x), f being `layers`; where f changes the shape y = g(x) + f(x), g being `shortcut`."""

    def __init__(self, layers: Sequential, shortcut: Sequential | None = None) -> None:
        super().__init__()
        self.layers, self.shortcut = layers, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = x + f(x)."""
        return self.layers(x) + (self.shortcut(x) if self.shortcut else x)
