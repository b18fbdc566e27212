"""What both models share: the steps of training, validation and test. The twin of numpy_ref/classifier.py.

It is a plain LightningModule: any `lightning.Trainer` fits, validates, tests and predicts with it. `train/loss`, the
loss's terms and `train/accuracy`, and the same for `val/` and `test/`, are logged once per epoch, weighted by the
number of images of each batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch.nn import Sequential
from torchmetrics import MetricCollection
from torchmetrics.utilities.distributed import gather_all_tensors

from datamodules.lightning_adapter import TorchBatch
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.initial_weights import initial_weights
from experiment.layer_specs import LAYERS
from lightning_models.fast_paths import FastHookNames
from lightning_models.layers import Dropout
from lightning_models.metrics import compute_test_metrics, mean_metrics
from lightning_models.optim import make_optimizer
from lightning_models.schedules import make_schedule

Losses = dict[str, tuple[float, Any]]
"""Weight and loss of each term that is switched on, by name."""


@dataclass
class Sums:
    """What the batches of a pass through a split gave.

    Nothing is added up before the pass is over: torchmetrics takes 40 µs for each call of `update`, which is a tenth
    of a small network's step, and on a GPU every number that is looked at makes the program wait for the device.
    """

    terms: list[dict[str, torch.Tensor]] = field(default_factory=list)
    predictions: list[torch.Tensor] = field(default_factory=list)
    labels: list[torch.Tensor] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    scores: list[torch.Tensor] = field(default_factory=list)
    logged: bool = False


class Classifier(FastHookNames, LightningModule):
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
        """Remember which layers need to know (epoch, batch_idx), and make a metric for each number that is logged."""
        self._dropouts = [layer for layer in self.modules() if isinstance(layer, Dropout)]
        self.train_metrics = mean_metrics(self.scalars(), "train/")
        self.val_metrics = mean_metrics(self.scalars(), "val/")
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Take the initial weights of the experiment's seed, the same as in the NumPy track."""
        shapes = [(name, tuple(parameter.shape)) for name, parameter in self.named_parameters()]
        dtype = np.dtype(self._experiment.trainer.dtype)
        weights = initial_weights(shapes, self._experiment.seed, dtype, self._experiment.initializer)
        self.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()}, strict=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores (B, categories) of images (B, C, H, W)."""
        raise NotImplementedError

    def note_batch(self, images: torch.Tensor) -> None:
        """Tell layers what they must know of a batch beside their inputs; `forward` does so by itself."""

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The last hidden layer (B, D)."""
        raise NotImplementedError

    def image_layers(self) -> Sequential:
        """The layers through which images pass."""
        raise NotImplementedError

    def feature_maps(self, images: torch.Tensor) -> list[torch.Tensor]:
        """What the first and the last activation over channels give (B, C, H, W); empty without convolutions."""
        self.note_batch(images)
        x, maps = images, []
        for layer in self.image_layers():
            x = layer(x)
            if LAYERS[type(layer).__name__].activation and x.ndim == 4:
                maps.append(x)
        return [maps[0], maps[-1]] if maps else []

    def losses(self) -> Losses:
        """The terms of the loss."""
        return self._losses

    def scalars(self) -> list[str]:
        """What is logged of each pass: the loss, its terms where there are several, and the accuracy."""
        terms = [f"loss_{name}" for name in self._losses] + ["loss_l2"] * (self._experiment.optimizer.l2 > 0)
        return ["loss", *(terms if len(terms) > 1 else []), "accuracy"]

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
            dropout.step, dropout.share = (self.current_epoch, batch_idx), batch[2] if len(batch) == 3 else None
        loss = self._step(batch)
        if len(batch) == 2:
            return loss
        own, total = self._sums.counts[-1], batch[2][2]
        return loss * (own * self.trainer.world_size / total)  # see lightning_models/processes.py

    def validation_step(self, batch: TorchBatch, batch_idx: int = 0) -> None:
        """Forward for one batch."""
        self._step(batch)

    def test_step(self, batch: TorchBatch, batch_idx: int = 0) -> None:
        """Forward for one batch; keeps the scores."""
        own = _own_rows(batch)
        self._sums.scores.append(self(batch[0])[:own])
        self._sums.labels.append(batch[1][:own])

    def test_scores(self) -> torch.Tensor:
        """Scores (N, C) of all images tested since the last reset."""
        return torch.cat(self._sums.scores)

    def predict_step(self, batch: TorchBatch, batch_idx: int = 0) -> torch.Tensor:
        """Probabilities (B, C) of one batch."""
        return self.probabilities(self(batch[0])[: _own_rows(batch)])

    def probabilities(self, scores: torch.Tensor) -> torch.Tensor:
        """Softmax of the scores."""
        return scores.softmax(dim=1)

    def reset_sums(self) -> None:
        """Begin a new pass through a split."""
        self._sums = Sums()

    def means(self) -> dict[str, float]:
        """Means over the images since the last reset: the loss, its terms, and the accuracy."""
        counts = torch.tensor(self._sums.counts, dtype=torch.float64)
        means = {name: float((self.batch_values(name) * counts).sum() / counts.sum()) for name in self._sums.terms[0]}
        return means | {"accuracy": float(self._right().sum()) / float(counts.sum())}

    def batch_values(self, name: str) -> torch.Tensor:
        """One loss term of each (global) batch since the last reset, float64 on the CPU."""
        values = torch.stack([terms[name] for terms in self._sums.terms]).double()
        if self._processes() == 1:
            return values.cpu()
        counts = torch.tensor(self._sums.counts, dtype=torch.float64, device=self.device)
        reduce = self.trainer.strategy.reduce
        return (reduce(values * counts, reduce_op="sum") / reduce(counts.clone(), reduce_op="sum")).cpu()

    def configure_optimizers(self) -> Any:
        """The experiment's optimiser and schedule, over what is trained."""
        config = self._experiment.optimizer
        optimizer = make_optimizer(config, self.trained_parameters())
        if config.schedule == "constant":
            return optimizer
        schedule = make_schedule(config, optimizer, *self._schedule_length())
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def trained_parameters(self) -> list[torch.nn.Parameter]:
        """What is trained."""
        return list(self.parameters())

    def penalized(self) -> list[torch.nn.Parameter]:
        """The weight matrices and kernels among what is trained."""
        return [parameter for parameter in self.trained_parameters() if parameter.ndim > 1]

    # --- Lightning's hooks

    def on_train_epoch_start(self) -> None:
        """A new pass through the training images."""
        self.reset_sums()

    def on_train_batch_end(self, outputs: Any, batch: TorchBatch, batch_idx: int) -> None:
        """The last batch completes the pass: its means are there before any callback's `on_train_epoch_end`."""
        if self.trainer.is_last_batch:
            self._log_means(self.train_metrics)

    def on_train_epoch_end(self) -> None:
        """A pass that `max_steps` cut short is complete as well."""
        self._log_means(self.train_metrics)

    def on_validation_epoch_start(self) -> None:
        """A new pass, perhaps in the middle of one through the training images."""
        self._training_sums = self._sums
        self.reset_sums()

    def on_validation_epoch_end(self) -> None:
        """Log the pass, and go on with the one through the training images."""
        self._log_means(self.val_metrics)
        self.reset_sums()
        self._sums = self._training_sums

    def on_test_epoch_start(self) -> None:
        """A new pass through the test images."""
        self.reset_sums()

    def on_test_epoch_end(self) -> None:
        """Log the loss, its terms and the metrics of all test images."""
        scores, labels = self._gathered(self.test_scores()), self._gathered(torch.cat(self._sums.labels))
        module = getattr(self.trainer, "datamodule", None)
        names = getattr(module, "categories", None) or [str(c) for c in range(scores.shape[1])]
        self.test_metrics = compute_test_metrics(labels, self.probabilities(scores), names)
        terms = {name: value.item() for name, value in self.loss_terms(scores, labels).items()}
        self.test_metrics["overall"] = {"loss": terms["loss"], **self.test_metrics["overall"]}
        values = terms | self.test_metrics["overall"]
        tensors = {f"test/{name}": torch.tensor(value, dtype=torch.float64) for name, value in values.items()}
        self.log_dict(tensors, batch_size=1, sync_dist=True)

    def on_predict_epoch_start(self) -> None:
        """A new pass."""
        self.reset_sums()

    def on_validation_model_zero_grad(self) -> None:
        """Keep the gradients of the last batch, for their histograms; the next batch clears them."""

    def _step(self, batch: TorchBatch) -> torch.Tensor:
        images, labels = batch[:2]
        scores = self(images)
        terms = self.loss_terms(scores, labels)
        predictions, own = scores.detach().argmax(dim=1), _own_rows(batch)
        if own != len(labels):
            predictions, labels = predictions[:own], labels[:own]
        sums = self._sums
        sums.terms.append({name: value.detach() for name, value in terms.items()})
        sums.predictions.append(predictions)
        sums.labels.append(labels)
        sums.counts.append(own)
        return terms["loss"]

    def _right(self) -> torch.Tensor:
        """Which images were classified correctly since the last reset: 1 or 0, (N,)."""
        return (torch.cat(self._sums.predictions) == torch.cat(self._sums.labels)).long()

    def _log_means(self, metrics: MetricCollection) -> None:
        """Hand the pass's numbers to torchmetrics, and the metrics to Lightning's loggers and callbacks."""
        if self._sums.logged or not self._sums.counts:
            return
        counts = torch.tensor(self._sums.counts, device=self.device)
        for name in self._sums.terms[0]:
            metrics[name].update(torch.stack([terms[name] for terms in self._sums.terms]), counts)
        right = self._right()
        metrics["accuracy"].update(right, torch.ones_like(right))
        metrics.compute()  # now, in all processes: a callback may ask for the result in one of them alone
        self.log_dict(metrics, on_step=False, on_epoch=True)
        self._sums.logged = True

    def _schedule_length(self) -> tuple[int, int]:
        """Steps of the optimiser per epoch, and epochs."""
        if self._trainer is None:
            return self.steps_per_epoch, self._experiment.trainer.max_epochs
        total = self.trainer.estimated_stepping_batches
        if total == float("inf"):
            raise UserError("a learning-rate schedule needs to know its end: give the Trainer max_epochs or max_steps.")
        self.trainer.fit_loop.setup_data()  # what tells the number of batches; with max_steps nothing has called it yet
        per_epoch = -(-int(self.trainer.num_training_batches) // self.trainer.accumulate_grad_batches)
        return per_epoch, -(-int(total) // per_epoch)

    def _processes(self) -> int:
        return self._trainer.world_size if self._trainer else 1

    def _gathered(self, values: torch.Tensor) -> torch.Tensor:
        """The rows of all processes, on the CPU."""
        return torch.cat(gather_all_tensors(values) if self._processes() > 1 else [values]).cpu()


def _own_rows(batch: TorchBatch) -> int:
    """How many rows of the batch count; a process without any row of a global batch has borrowed one."""
    return len(batch[1]) if len(batch) == 2 else batch[2][1] - batch[2][0]
