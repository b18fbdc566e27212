"""What both models share: the steps of training, validation and test. The twin of lightning_models/classifier.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from datamodules.images import Batch
from experiment.config import Experiment
from experiment.layer_specs import LAYERS
from numpy_ref.layers import Dropout
from numpy_ref.losses import softmax
from numpy_ref.module import Module, Parameter, Sequential
from numpy_ref.optim import Optimizer, make_optimizer
from numpy_ref.schedules import make_schedule

Losses = dict[str, tuple[float, Any]]
"""Weight and loss of each term that is switched on, by name."""


class Classifier(Module):
    """A network whose `forward` gives scores (B, C); the highest score wins.

    A subclass sets `_losses`, calls `note_layers` once it has its layers, and defines `forward`, `backward`,
    `features` and `image_layers`.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._losses: Losses = {}
        self.steps_per_epoch = self.current_epoch = 0
        self.reset_sums()

    def note_layers(self) -> None:
        """Remember which layers need to know (epoch, batch_idx)."""
        self._dropouts = [layer for _, layer in self.named_layers() if isinstance(layer, Dropout)]

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Scores (B, categories) of images (B, C, H, W)."""
        raise NotImplementedError

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """From dL/dscores to every parameter's gradient, and dL/dimages (B, C, H, W). (The twin has autograd.)"""
        raise NotImplementedError

    def backward_parameters(self, grad: np.ndarray) -> None:
        """From dL/dscores to every parameter's gradient, which is all that training needs."""
        raise NotImplementedError

    def note_batch(self, images: np.ndarray) -> None:
        """Tell layers what they must know of a batch beside their inputs; `forward` does so by itself."""

    def features(self, images: np.ndarray) -> np.ndarray:
        """The last hidden layer (B, D)."""
        raise NotImplementedError

    def image_layers(self) -> Sequential:
        """The layers through which images pass."""
        raise NotImplementedError

    def feature_maps(self, images: np.ndarray) -> list[np.ndarray]:
        """What the first and the last activation over channels give (B, C, H, W); empty without convolutions."""
        self.note_batch(images)
        x, maps = images, []
        for layer in self.image_layers().layers:
            x = layer.forward(x)
            if LAYERS[type(layer).__name__].activation and x.ndim == 4:
                maps.append(x)
        return [maps[0], maps[-1]] if maps else []

    def losses(self) -> Losses:
        """The terms of the loss."""
        return self._losses

    def loss_terms(self, scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """`loss`, and where it has several terms each of them, before its weight; the L2 penalty only in training."""
        terms = {f"loss_{name}": loss.forward(scores, labels) for name, (_, loss) in self._losses.items()}
        total = sum(weight * terms[f"loss_{name}"] for name, (weight, _) in self._losses.items())
        if self._experiment.optimizer.l2:
            terms["loss_l2"] = sum(float((w.data * w.data).sum()) for w in self.penalized())
            if self.training:  # in validation the penalty would favour weak fits, and make runs of different λ unlike
                total += self._experiment.optimizer.l2 * terms["loss_l2"]
        return {"loss": total} | (terms if len(terms) > 1 else {})

    def training_step(self, batch: Batch, batch_idx: int = 0) -> float:
        """Forward and backward for one batch; returns the loss."""
        for dropout in self._dropouts:
            dropout.step = self.current_epoch, batch_idx
        loss = self._step(batch)
        gradients = [weight * loss.backward() for weight, loss in self._losses.values()]
        self.backward_parameters(sum(gradients[1:], start=gradients[0]))
        if self._experiment.optimizer.l2:
            for w in self.penalized():
                w.grad += 2 * self._experiment.optimizer.l2 * w.data
        return loss

    def validation_step(self, batch: Batch, batch_idx: int = 0) -> None:
        """Forward for one batch."""
        self._step(batch)

    def test_step(self, batch: Batch, batch_idx: int = 0) -> None:
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

    def configure_optimizers(self) -> Optimizer:
        """The experiment's optimiser and schedule, over what is trained."""
        config, trainer = self._experiment.optimizer, self._experiment.trainer
        schedule = make_schedule(config, self.steps_per_epoch, trainer.max_epochs)
        return make_optimizer(config, self.trained_parameters(), schedule)

    def trained_parameters(self) -> list[Parameter]:
        """What is trained."""
        return self.parameters()

    def penalized(self) -> list[Parameter]:
        """The weight matrices and kernels among what is trained."""
        return [parameter for parameter in self.trained_parameters() if parameter.data.ndim > 1]

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
