"""What both models share: the steps of training, validation and test. The twin of lightning_models/classifier.py."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from datamodules.quickdraw import Batch
from experiment.config import Optimizer
from numpy_ref.losses import softmax
from numpy_ref.module import Module, Parameter
from numpy_ref.optim import SGD

Losses = dict[str, tuple[float, Any]]
"""Weight and loss of each term that is switched on, by name."""


class Classifier(Module):
    """A network whose `forward` gives scores (B, C), with `loss_terms` over them; the highest score wins."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._losses: Losses = {}
        self.reset_sums()

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Scores (B, C) of drawings (B, 1, 28, 28)."""
        raise NotImplementedError

    def loss_terms(self, scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """`loss`, which is minimised, and where it has several terms each of them."""
        raise NotImplementedError

    def backward(self) -> None:
        """Set every parameter's gradient to that of the last `loss`. (The Lightning twin has autograd for this.)"""
        raise NotImplementedError

    def losses(self) -> Losses:
        """The terms of the loss."""
        return self._losses

    def training_step(self, batch: Batch) -> float:
        """Forward and backward for one batch; returns the loss."""
        loss = self._step(batch)
        self.backward()
        return loss

    def validation_step(self, batch: Batch) -> None:
        """Forward for one batch."""
        self._step(batch)

    def test_step(self, batch: Batch) -> None:
        """Forward for one batch; keeps the scores."""
        self._scores.append(self.forward(batch[0]))

    def test_scores(self) -> np.ndarray:
        """Scores (N, C) of all drawings tested since the last reset."""
        return np.concatenate(self._scores)

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Softmax of the scores."""
        return softmax(scores)

    def reset_sums(self) -> None:
        """Begin a new pass through a split."""
        self._sums: dict[str, float] = {}
        self._scores: list[np.ndarray] = []
        self._count = 0

    def means(self) -> dict[str, float]:
        """Means over the drawings since the last reset: the loss, its terms, and the accuracy."""
        return {name: total / self._count for name, total in self._sums.items()}

    def configure_optimizers(self) -> SGD:
        """SGD over what is trained."""
        return SGD(self.trained_parameters(), **asdict(self._optimizer))

    def trained_parameters(self) -> list[Parameter]:
        """What is trained."""
        return self.parameters()

    def _step(self, batch: Batch) -> float:
        images, labels = batch
        scores = self.forward(images)
        terms = self.loss_terms(scores, labels)
        count = len(labels)
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * count
        right = int((scores.argmax(axis=1) == labels).sum())
        self._sums["accuracy"] = self._sums.get("accuracy", 0.0) + right
        self._count += count
        return terms["loss"]
