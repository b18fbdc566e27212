"""Losses over scores: each a mean over the batch. The twin of numpy_ref/losses.py, where the formulas stand."""

from __future__ import annotations

import torch
from torch.nn import CrossEntropyLoss as TorchCrossEntropyLoss
from torch.nn import Module, MultiMarginLoss


class CrossEntropyLoss(Module):
    """L = mean of -log softmax(s / T)_y, the categorical cross-entropy at temperature T."""

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__()
        self.temperature = temperature
        self.cross_entropy = TorchCrossEntropyLoss()

    def forward(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss."""
        return self.cross_entropy(scores if self.temperature == 1 else scores / self.temperature, labels)


class CosineLoss(Module):
    """L = mean of 1 - s_y: pulls a drawing towards its category."""

    def forward(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss."""
        return (1 - scores.gather(1, labels[:, None])).mean()


class MarginLoss(MultiMarginLoss):
    """L = mean over the batch of Σ_{c≠y} max(0, m - s_y + s_c) / C: pushes other categories away."""

    def __init__(self, margin: float) -> None:
        super().__init__(margin=margin)
