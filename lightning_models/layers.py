"""The layers that a network can have: PyTorch's, and the twins of those in numpy_ref/layers that it has otherwise."""

from __future__ import annotations

import torch
from torch.nn import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    Module,
    ReLU,
    Sigmoid,
    Tanh,
)
from torch.nn.functional import normalize

from experiment.randomness import dropout_mask

__all__ = [
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "Normalize",
    "ReLU",
    "Sigmoid",
    "Tanh",
]


class Dropout(Module):
    """In training y = m x / (1 - p), where each m is 0 with probability p, else 1; in evaluation y = x.

    The masks come from the NumPy generator, so that both tracks drop the same.
    """

    def __init__(self, p: float, seed: int, number: int) -> None:
        super().__init__()
        self.p, self.seed, self.number = p, seed, number
        self.place = (0, 0)
        """Epoch and batch, from 0."""
        self.share: tuple[int, int, int] | None = None
        """Where several processes train: from which row, to which, of how many in the global batch x is."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = m x / (1 - p) in training, else x."""
        if not self.training:
            return x
        first, _, total = self.share or (0, len(x), len(x))
        kept = dropout_mask(self.seed, self.number, self.place, self.p, (total, *x.shape[1:]))
        kept = kept[min(first, total - 1) :][: len(x)]
        return x * (torch.from_numpy(kept).to(x) / (1 - self.p))


class Normalize(Module):
    """y = x / ‖x‖ for each row of x (B, D): every row becomes a unit vector."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = x / max(‖x‖, 1e-12)."""
        return normalize(x, dim=1)
