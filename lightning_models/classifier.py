"""What both models share: the steps of training, validation and test. The twin of numpy_ref/models/classifier.py."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch.nn import Sequential

from datamodules.lightning_adapter import TorchBatch
from experiment.config import Experiment
from lightning_models.layers import Dropout, LeakyReLU, ReLU, Sigmoid, Tanh
from lightning_models.optim import make_optimizer
from lightning_models.schedules import make_schedule

Losses = dict[str, tuple[float, Any]]
"""Weight and loss of each term that is switched on, by name."""
ACTIVATIONS = (ReLU, LeakyReLU, Tanh, Sigmoid)


class Classifier(LightningModule):
    """A network whose `forward` gives scores (B, C); the highest score wins.

    A subclass sets `_losses`, calls `note_layers` once it has its layers, and defines `forward`, `features` and
    `image_layers`.
    """

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self._experiment = experiment
        self._losses: Losses = {}
        self.steps_per_epoch = 0
        self.reset_sums()

    def note_layers(self) -> None:
        """Remember which layers need to know the place in the training."""
        self._dropouts = [layer for layer in self.modules() if isinstance(layer, Dropout)]

    def __setattr__(self, name: str, value: Any) -> None:
        """Lightning notes the running hook's name some 50 times per step, and `Module.__setattr__` is slow."""
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores (B, categories) of images (B, C, H, W)."""
        raise NotImplementedError

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The last hidden layer (B, D)."""
        raise NotImplementedError

    def image_layers(self) -> Sequential:
        """The layers through which images pass."""
        raise NotImplementedError

    def feature_maps(self, images: torch.Tensor) -> list[torch.Tensor]:
        """What the first and the last activation over channels give (B, C, H, W); empty without convolutions."""
        x, maps = images, []
        for layer in self.image_layers():
            x = layer(x)
            if isinstance(layer, ACTIVATIONS) and x.ndim == 4:
                maps.append(x)
        return [maps[0], maps[-1]] if maps else []

    def losses(self) -> Losses:
        """The terms of the loss."""
        return self._losses

    def loss_terms(self, scores: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """`loss`, and where it has several terms each of them, before its weight; the L2 penalty only in training."""
        terms = {f"loss_{name}": loss(scores, labels) for name, (_, loss) in self._losses.items()}
        weighted = [
            terms[f"loss_{name}"] if w == 1 else w * terms[f"loss_{name}"] for name, (w, _) in self._losses.items()
        ]
        total = sum(weighted[1:], start=weighted[0])
        if self._experiment.optimizer.l2:
            terms["loss_l2"] = torch.stack([w.square().sum() for w in self.penalized()]).sum()
            if self.training:  # in validation the penalty would favour weak fits, and make runs of different λ unlike
                total = total + self._experiment.optimizer.l2 * terms["loss_l2"]
        return {"loss": total} | (terms if len(terms) > 1 else {})

    def training_step(self, batch: TorchBatch, batch_idx: int = 0) -> torch.Tensor:
        """Forward for one batch; Lightning takes the returned loss backward."""
        for dropout in self._dropouts:
            dropout.place, dropout.share = (self.current_epoch, batch_idx), batch[2] if len(batch) == 3 else None
        loss = self._step(batch)
        if len(batch) == 2:
            return loss
        return loss * (self._counts[-1] * self.trainer.world_size / batch[2][2])  # see lightning_models/processes.py

    def validation_step(self, batch: TorchBatch, batch_idx: int = 0) -> None:
        """Forward for one batch."""
        self._step(batch)

    def test_step(self, batch: TorchBatch, batch_idx: int = 0) -> None:
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
        self._counts: list[int] = []
        self._scores: list[torch.Tensor] = []

    def means(self) -> dict[str, float]:
        """Means over the drawings since the last reset: the loss, its terms, and the accuracy."""
        counts = self._over_processes(torch.tensor(self._counts, dtype=torch.float64))
        means = {name: float((self.batch_values(name) * counts).sum() / counts.sum()) for name in self._terms[0]}
        right = self._over_processes((torch.cat(self._guesses) == torch.cat(self._labels)).sum())
        return means | {"accuracy": int(right) / int(counts.sum())}

    def batch_values(self, name: str) -> torch.Tensor:
        """One loss term of each (global) batch since the last reset, float64 on the CPU.

        Until here nothing has waited for the device: numbers are fetched once per pass, not once per step.
        """
        values = torch.stack([terms[name] for terms in self._terms]).cpu().double()
        if self._processes() == 1:
            return values
        counts = torch.tensor(self._counts, dtype=torch.float64)
        return self._over_processes(values * counts) / self._over_processes(counts)

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

    def configure_optimizers(self) -> Any:
        """The experiment's optimiser and schedule, over what is trained."""
        config, trainer = self._experiment.optimizer, self._experiment.trainer
        optimizer = make_optimizer(config, self.trained_parameters())
        schedule = make_schedule(config, optimizer, self.steps_per_epoch, trainer.max_epochs)
        if schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def trained_parameters(self) -> list[torch.nn.Parameter]:
        """What is trained."""
        return list(self.parameters())

    def penalized(self) -> list[torch.nn.Parameter]:
        """The weight matrices and kernels among what is trained."""
        return [parameter for parameter in self.trained_parameters() if parameter.ndim > 1]

    def _processes(self) -> int:
        return self._trainer.world_size if self._trainer else 1

    def _over_processes(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all processes of the training, on the CPU."""
        if self._processes() == 1:
            return values.cpu()
        return self.trainer.strategy.reduce(values.to(self.device), reduce_op="sum").cpu()

    def _step(self, batch: TorchBatch) -> torch.Tensor:
        images, labels = batch[:2]
        own = len(labels) if len(batch) == 2 else batch[2][1] - batch[2][0]
        scores = self(images)
        terms = self.loss_terms(scores, labels)
        self._terms.append({name: value.detach() for name, value in terms.items()})
        self._guesses.append(scores.detach().argmax(dim=1)[:own])
        self._labels.append(labels[:own])
        self._counts.append(own)
        return terms["loss"]
