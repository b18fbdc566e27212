"""Trains a model with Lightning: its Trainer, EarlyStopping and ModelCheckpoint. The twin of numpy_ref/trainer.py."""

from __future__ import annotations

import time
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from datamodules.images import ImageDataModule
from datamodules.lightning_adapter import ImageLightningDataModule
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.files import regular
from experiment.history import ended_by
from experiment.interrupt import handle_interrupts
from experiment.run import Row, Run
from experiment.weights import BEST, FIRST, load_weights
from lightning_models.callbacks import EpochRecorder
from lightning_models.classifier import Classifier
from lightning_models.dual_tower import DualTower
from lightning_models.fast_paths import named_once
from lightning_models.lightning_trainer import AtomicCheckpoints, make_extras, make_trainer
from lightning_models.processes import process_rank
from lightning_models.registry import build_model
from lightning_models.sequence import SequenceClassifier
from lightning_models.threads import prepare, use_threads
from training.results import TrainingResult
from visualization.console import Progress
from visualization.tensorboard import EventWriter

__all__ = ["LAST", "Trainer", "check_settings", "start_model", "train", "use_threads"]

LAST = "checkpoints/last.ckpt"
NEEDED = ("epoch", "global_step", "loops", "state_dict", "optimizer_states")
"""What Lightning reads from a checkpoint."""


def check_settings(experiment: Experiment) -> None:
    """Refuse a `lightning:` section that Lightning's Trainer does not take, before a run folder is made."""
    make_trainer(experiment, make_extras(experiment), callbacks=_callbacks(experiment, Path()))


def start_model(experiment: Experiment, data: ImageDataModule) -> Classifier:
    """The model with the initial weights of the experiment's seed, the same as in the NumPy track."""
    model = build_model(experiment, data.shape, len(data.categories), data.words.vectors if data.words else None)
    model.steps_per_epoch = data.num_batches("train")
    return model


def train(experiment: Experiment, data: ImageDataModule, run: Run, resumed: bool) -> TrainingResult:
    """Train `experiment` on `data` into `run`, then test the weights with the smallest validation loss."""
    trainer = Trainer(experiment, data, run)
    trainer.fit(resumed)
    return trainer.test()


class Trainer:
    """Trains one model into a run's folder, by Lightning's Trainer.

    Args:
        experiment: the model, its optimiser and how long to train.
        data: the images.
        run: the folder for weights, history and checkpoint.
        model: the model to train; None starts one.
        progress: what to tell of each batch and epoch; None prints to the console.
    """

    def __init__(
        self,
        experiment: Experiment,
        data: ImageDataModule,
        run: Run,
        model: Classifier | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.experiment, self.data, self.run, self.progress = experiment, data, run, progress
        self.model = model or start_model(experiment, data)
        self.datamodule = ImageLightningDataModule(experiment, data)
        self._extras = make_extras(experiment)
        self.history: list[Row] = []
        """A row for each epoch so far."""
        self.seconds = 0.0
        """How long the epochs of `fit` took, with their validation."""

    def fit(self, resumed: bool = False) -> list[Row]:
        """Train until patience or the epochs run out; returns the history. A resumed run goes on after its last."""
        prepare(self.model, self.experiment, self.data.shape)
        self.history = self._restore() if resumed else []
        start, config = time.perf_counter(), self.experiment.trainer
        if ended_by(self.history, config):
            return self.history
        batches = self.data.num_batches("train")
        shown = self.progress or Progress(config.max_epochs, batches, len(self.history))
        first = process_rank() == 0
        with (
            shown,
            handle_interrupts() as interrupts,
            EventWriter(self.run.folder) if first else nullcontext() as events,
        ):
            count = len(self.data.rows["train"])
            recorder = EpochRecorder(self.run, self.history, shown, interrupts, events, count)
            self._fit(recorder)
        self.seconds = time.perf_counter() - start
        return self.history

    def test(self) -> TrainingResult:
        """Test the weights with the smallest validation loss."""
        model = self.model
        self._load_weights(BEST)
        alone: dict[str, Any] = {"devices": 1, "num_nodes": 1, "strategy": "auto"}  # exact, however many processes
        alone |= {"fast_dev_run": False, "default_root_dir": self.run.folder}
        tester = make_trainer(self.experiment, self._extras, **alone)
        tester.test(model, self.datamodule, verbose=False)
        model.eval()  # Lightning has put the mode back
        scores, test = model.test_scores().cpu(), model.test_metrics
        probabilities = model.probabilities(scores)
        activations = self._activations()
        return TrainingResult(self.history, self.seconds, scores.numpy(), probabilities.numpy(), test, activations)

    def _fit(self, recorder: EpochRecorder) -> None:
        folder = self.run.folder
        trainer = make_trainer(
            self.experiment,
            self._extras,
            max_epochs=self.experiment.trainer.max_epochs,
            callbacks=[recorder, *_callbacks(self.experiment, folder)],
            plugins=[AtomicCheckpoints()],
            default_root_dir=folder,
        )
        self._check_processes(trainer)
        checkpoint = str(folder / LAST) if self.history else None
        try:
            trainer.fit(self.model, self.datamodule, ckpt_path=checkpoint, weights_only=True)
        except RuntimeError as error:
            if trainer.world_size == 1:
                raise
            raise UserError(
                f"process {trainer.global_rank} of {trainer.world_size} lost the others, one of which has ended "
                f"({' '.join(str(error).split())[:120]}); the complete epochs are saved: go on with --resume {folder}."
            ) from error
        finally:
            if torch.distributed.is_available() and torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()  # the test is done alone

    def _check_processes(self, trainer: pl.Trainer) -> None:
        """Several processes are one training only if each sees what belongs to the whole batch."""
        normalised = any(isinstance(layer, torch.nn.modules.batchnorm._BatchNorm) for layer in self.model.modules())
        if trainer.world_size > 1 and normalised and trainer.strategy.root_device.type == "cpu":
            raise UserError(
                f"--lightning.devices: BatchNorm cannot be shared by {trainer.world_size} CPU processes; each would "
                "normalise its own share of a batch. Train with devices: 1, on GPUs, or without BatchNorm."
            )

    @torch.inference_mode()
    def _activations(self) -> dict[str, np.ndarray]:
        """What the figures show of the network, for some test images: with the best weights, and the first epoch's."""
        model, data = self.model, self.data
        images = torch.from_numpy(data.inputs("test", data.example_rows())).to(model.device)
        mapped = torch.from_numpy(data.inputs("test", data.mapped_rows())).to(model.device)
        activations = {"features_best": model.features(images)}
        activations |= dict(zip(("maps_first", "maps_last"), model.feature_maps(mapped), strict=False))
        if isinstance(model, DualTower):
            activations["words"] = model.words()
        if isinstance(model, SequenceClassifier):
            activations |= model.looked_at(mapped)
        if (self.run.folder / FIRST).is_file():
            self._load_weights(FIRST)
            activations["features_first"] = model.features(images)
        return {name: tensor.cpu().numpy() for name, tensor in activations.items()}

    def _load_weights(self, name: str) -> None:
        weights, _ = load_weights(self.run.folder / name)
        try:
            self.model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        except RuntimeError as error:
            raise UserError(f"{self.run.folder / name}: does not fit this experiment; start a new run.") from error

    def _restore(self) -> list[Row]:
        """The history up to the last checkpoint, after a look whether that can be read.

        Nothing is unpickled but tensors and plain values.
        """
        path = self.run.folder / LAST
        if not path.exists():  # stopped within the first epoch
            return []
        try:
            with warnings.catch_warnings(action="ignore"):  # of pickles that torch did not write
                checkpoint = torch.load(regular(path), map_location="cpu", weights_only=True)
            epochs = int({key: checkpoint[key] for key in NEEDED}["epoch"]) + 1
        except Exception as error:
            raise UserError(f"{path}: missing or damaged; start a new run.") from error
        return self.run.read_history(epochs)


def _callbacks(experiment: Experiment, folder: Path) -> list[pl.Callback]:
    """Lightning's own callbacks that every run has."""
    patience, checkpoints = experiment.trainer.patience, folder / "checkpoints"
    stopping = EarlyStopping("val/loss", patience=patience, mode="min", check_finite=False)
    last = ModelCheckpoint(checkpoints, "last", enable_version_counter=False, save_on_train_epoch_end=True)
    return [named_once(stopping), named_once(last)]
