"""The layers of a network: PyTorch's own, but for the two below. The twin of numpy_ref/layers/."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import Module
from torch.nn.functional import normalize

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
