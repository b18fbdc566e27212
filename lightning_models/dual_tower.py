"""Task II, the dual tower. The twin of numpy_ref/models/dual_tower.py: same names, same order.

A drawing x and a category's word vector w go through a tower each and are scaled to unit length:

    u = f(x) / ‖f(x)‖,   e_c = g(w_c) / ‖g(w_c)‖,   s_c = u · e_c = cos(drawing, category c).

The nearest category is the prediction.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from experiment.config import DualTower as Config
from experiment.config import Experiment
from lightning_models.classifier import Classifier, Losses
from lightning_models.layers import Normalize
from lightning_models.losses import CosineLoss, CrossEntropyLoss, MarginLoss
from lightning_models.mlp import mlp
from lightning_models.softmax import PIXELS


class DualTower(Classifier):
    """Image tower and word tower that meet on the unit sphere; scores are cosine similarities (B, C)."""

    def __init__(self, experiment: Experiment, word_vectors: np.ndarray) -> None:
        super().__init__(experiment.optimizer)
        config, dtype = experiment.dual_tower, getattr(torch, experiment.trainer.dtype)
        self._train_word_tower = config.train_word_tower
        self.register_buffer("word_vectors", torch.as_tensor(word_vectors, dtype=dtype))
        self.image_tower = mlp([PIXELS, *config.image_dims, config.embedding_dim], dtype)
        self.word_tower = mlp([word_vectors.shape[1], *config.word_dims, config.embedding_dim], dtype)
        self.word_tower.requires_grad_(config.train_word_tower)
        self.image_norm, self.word_norm = Normalize(), Normalize()
        self._losses = _losses(config)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Cosine similarities (B, C) of drawings and categories."""
        u = self.image_norm(self.image_tower(images.flatten(1)))
        e = self.word_norm(self.word_tower(self.word_vectors))
        return u @ e.T

    def loss_terms(self, scores: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """The weighted sum, and each term before its weight."""
        terms = {f"loss_{name}": loss(scores, labels) for name, (_, loss) in self._losses.items()}
        total = sum(weight * terms[f"loss_{name}"] for name, (weight, _) in self._losses.items())
        return {"loss": total, **terms}

    def trained_parameters(self) -> Iterable[torch.nn.Parameter]:
        """What is trained: the image tower, and the word tower unless it is frozen."""
        words = list(self.word_tower.parameters()) if self._train_word_tower else []
        return [*self.image_tower.parameters(), *words]


def _losses(config: Config) -> Losses:
    """Weight and loss of each term that is switched on."""
    terms: Losses = {
        "cosine": (config.cosine_weight, CosineLoss()),
        "margin": (config.margin_weight, MarginLoss(config.margin)),
        "contrast": (config.contrast_weight, CrossEntropyLoss(config.temperature)),
    }
    return {name: (weight, loss) for name, (weight, loss) in terms.items() if weight > 0}
