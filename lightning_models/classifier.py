"""What both models share: the steps of training, validation and test. The twin of numpy_ref/models/classifier.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch.optim import SGD

from datamodules.lightning_adapter import TorchBatch
from experiment.config import Optimizer

Losses = dict[str, tuple[float, Any]]
"""Weight and loss of each term that is switched on, by name."""


class Classifier(LightningModule):
    """A network whose `forward` gives scores (B, C), with `loss_terms` over them; the highest score wins."""

    def __init__(self, optimizer: Optimizer) -> None:
        super().__init__()
        self._optimizer = optimizer
        self._losses: Losses = {}
        self.reset_sums()

    def __setattr__(self, name: str, value: Any) -> None:
        """Lightning notes the running hook's name some 50 times per step, and `Module.__setattr__` is slow."""
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores (B, C) of drawings (B, 1, 28, 28)."""
        raise NotImplementedError

    def loss_terms(self, scores: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """`loss`, which is minimised, and where it has several terms each of them."""
        raise NotImplementedError

    def losses(self) -> Losses:
        """The terms of the loss."""
        return self._losses

    def training_step(self, batch: TorchBatch) -> torch.Tensor:
        """Forward for one batch; Lightning takes the returned loss backward."""
        return self._step(batch)

    def validation_step(self, batch: TorchBatch) -> None:
        """Forward for one batch."""
        self._step(batch)

    def test_step(self, batch: TorchBatch) -> None:
        """Forward for one batch; keeps the scores."""
        self._scores.append(self(batch[0]))

    def test_scores(self) -> torch.Tensor:
        """Scores (N, C) of all drawings tested since the last reset."""
        return torch.cat(self._scores)

    def probabilities(self, scores: torch.Tensor) -> torch.Tensor:
        """Softmax of the scores."""
        return scores.softmax(dim=1)

    def reset_sums(self) -> None:
        """Begin a new pass through a split."""
        self._terms: list[dict[str, torch.Tensor]] = []
        self._guesses: list[torch.Tensor] = []
        self._labels: list[torch.Tensor] = []
        self._scores: list[torch.Tensor] = []

    def means(self) -> dict[str, float]:
        """Means over the drawings since the last reset: the loss, its terms, and the accuracy."""
        counts = torch.tensor([len(labels) for labels in self._labels], dtype=torch.float64)
        means = {name: float((self.batch_values(name) * counts).sum() / counts.sum()) for name in self._terms[0]}
        right = torch.cat(self._guesses) == torch.cat(self._labels)
        return means | {"accuracy": int(right.sum()) / len(right)}

    def batch_values(self, name: str) -> torch.Tensor:
        """One loss term of each batch since the last reset, float64 on the CPU.

        Until here nothing has waited for the device: numbers are fetched once per pass, not once per step.
        """
        return torch.stack([terms[name] for terms in self._terms]).cpu().double()

    def on_train_epoch_start(self) -> None:
        """A new pass through the training drawings."""
        self.reset_sums()

    def on_validation_epoch_start(self) -> None:
        """A new pass through the validation drawings."""
        self.reset_sums()

    def on_test_epoch_start(self) -> None:
        """A new pass through the test drawings."""
        self.reset_sums()

    def on_validation_model_zero_grad(self) -> None:
        """Keep the gradients of the last batch, for their histograms; the next batch clears them."""

    def configure_optimizers(self) -> SGD:
        """SGD over what is trained; `fused` updates each weight in one pass."""
        return SGD(self.trained_parameters(), **asdict(self._optimizer), fused=True)

    def trained_parameters(self) -> Iterable[torch.nn.Parameter]:
        """What is trained."""
        return self.parameters()

    def _step(self, batch: TorchBatch) -> torch.Tensor:
        images, labels = batch
        scores = self(images)
        terms = self.loss_terms(scores, labels)
        self._terms.append({name: value.detach() for name, value in terms.items()})
        self._guesses.append(scores.detach().argmax(dim=1))
        self._labels.append(labels)
        return terms["loss"]
