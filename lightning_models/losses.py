"""Losses over scores: each a mean over the batch. The twin of numpy_ref/losses.py, where the formulas stand."""

from __future__ import annotations

import torch
from torch.nn import CrossEntropyLoss as TorchCrossEntropyLoss
from torch.nn import Module, MultiMarginLoss
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot


class CrossEntropyLoss(TorchCrossEntropyLoss):
    """L = mean of -Σ_c t_c log softmax(s / T)_c, the categorical cross-entropy at temperature T."""

    def __init__(self, temperature: float = 1.0, label_smoothing: float = 0.0) -> None:
        super().__init__(label_smoothing=label_smoothing)
        self.temperature = temperature

    def forward(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss."""
        return super().forward(scores if self.temperature == 1 else scores / self.temperature, labels)


class BinaryCrossEntropyLoss(Module):
    """L = mean over batch and categories of -[t log σ(s) + (1 - t) log(1 - σ(s))]: a yes or no for each category."""

    def forward(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss."""
        return binary_cross_entropy_with_logits(scores, one_hot(labels, scores.shape[1]).to(scores.dtype))


class CosineLoss(Module):
    """L = mean of 1 - s_y: pulls a drawing towards its category."""

    def forward(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss."""
        return (1 - scores.gather(1, labels[:, None])).mean()


class MarginLoss(MultiMarginLoss):
    """L = mean over the batch of Σ_{c≠y} max(0, m - s_y + s_c) / C: pushes other categories away."""

    def __init__(self, margin: float) -> None:
        super().__init__(margin=margin)
