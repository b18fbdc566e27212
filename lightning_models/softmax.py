"""Task I, the softmax classifier. The twin of numpy_ref/models/softmax.py: same names, same order."""

from __future__ import annotations

import torch

from experiment.config import Experiment
from lightning_models.classifier import Classifier, Losses
from lightning_models.losses import CrossEntropyLoss
from lightning_models.mlp import mlp

PIXELS = 28 * 28


class SoftmaxClassifier(Classifier):
    """784 → hidden layers with ReLU → C logits, trained by cross-entropy."""

    def __init__(self, experiment: Experiment, num_classes: int) -> None:
        super().__init__(experiment.optimizer)
        dims = [PIXELS, *experiment.softmax.hidden_dims, num_classes]
        self.layers = mlp(dims, getattr(torch, experiment.trainer.dtype))
        self._losses: Losses = {"cross_entropy": (1.0, CrossEntropyLoss())}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (B, C)."""
        return self.layers(images.flatten(1))

    def loss_terms(self, scores: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """The cross-entropy."""
        return {"loss": self._losses["cross_entropy"][1](scores, labels)}
