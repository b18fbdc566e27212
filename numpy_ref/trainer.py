"""Trains a model in plain NumPy: the loop over epochs and batches, early stopping, best weights, resuming."""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

from datamodules.images import ImageDataModule
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.history import best_row, ended_by, stop_at_nan
from experiment.initial_weights import initial_weights
from experiment.interrupt import handle_interrupts
from experiment.run import Row, Run
from experiment.weights import BEST, FIRST, load_weights, save_weights
from numpy_ref.classifier import Classifier
from numpy_ref.dual_tower import DualTower
from numpy_ref.metrics import compute_test_metrics
from numpy_ref.registry import build_model
from numpy_ref.sequence import SequenceClassifier
from training.results import TrainingResult
from visualization.console import Progress
from visualization.run_events import epoch_scalars
from visualization.tensorboard import EventWriter

LAST = "checkpoints/last.safetensors"


def check_settings(experiment: Experiment) -> None:
    """Nothing to refuse: the NumPy track ignores the `lightning:` section."""


def start_model(experiment: Experiment, data: ImageDataModule) -> Classifier:
    """The model with the initial weights of the experiment's seed."""
    model = build_model(experiment, data.shape, len(data.categories), data.words.vectors if data.words else None)
    model.steps_per_epoch = data.num_batches("train")
    shapes = [(name, parameter.data.shape) for name, parameter in model.named_parameters()]
    weights = initial_weights(shapes, experiment.seed, data.dtype, experiment.initializer)
    for name, parameter in model.named_parameters():
        parameter.data[...] = weights[name]
    return model


def train(experiment: Experiment, data: ImageDataModule, run: Run, resumed: bool) -> TrainingResult:
    """Train `experiment` on `data` into `run`, then test the weights with the smallest validation loss."""
    trainer = Trainer(experiment, data, run)
    trainer.fit(resumed)
    return trainer.test()


class Trainer:
    """The loop over epochs and batches.

    Args:
        experiment: how long to train, with which optimiser.
        data: the batches.
        run: the folder for weights, history and TensorBoard events.
        model: what to train; by default `start_model(experiment, data)`.
        progress: told of each batch and epoch; by default it shows them in the console.

    BLAS is held to one thread: for batches this small its threads cost more than they bring, and on a busy machine
    they wait for each other in busy loops.
    """

    def __init__(
        self,
        experiment: Experiment,
        data: ImageDataModule,
        run: Run,
        model: Classifier | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.experiment, self.data, self.run, self._progress = experiment, data, run, progress
        self.model = model or start_model(experiment, data)
        self.optimizer = self.model.configure_optimizers()
        self.history: list[Row] = []
        self.seconds = 0.0
        """Training and validation of the epochs in this process."""

    def fit(self, resumed: bool = False) -> list[Row]:
        """Train until patience or the epochs run out, where `resumed` after the run's last complete epoch.

        Returns:
            The history: a row for each epoch.
        """
        quiet = np.errstate(over="ignore", invalid="ignore")  # a loss that overflows is reported by stop_at_nan
        with threadpool_limits(1, "blas"), quiet:
            self.history = self._restore() if resumed else []
            start, config = time.perf_counter(), self.experiment.trainer
            batches, done = self.data.num_batches("train"), len(self.history)
            self.progress = self._progress or Progress(config.max_epochs, batches, done)
            with self.progress, handle_interrupts() as self.interrupts, EventWriter(self.run.folder) as events:
                while not ended_by(self.history, config):
                    self._fit_epoch(events)
            self.seconds = time.perf_counter() - start
        return self.history

    def test(self) -> TrainingResult:
        """Test the weights with the smallest validation loss."""
        model, data = self.model, self.data
        with threadpool_limits(1, "blas"):
            self._load_weights(BEST)
            scores = self._scores()
            probabilities = model.probabilities(scores)
            test = compute_test_metrics(data.labels("test"), probabilities, data.categories)
            test["overall"] = {"loss": model.loss_terms(scores, data.labels("test"))["loss"], **test["overall"]}
            activations = self._activations()
        return TrainingResult(self.history, self.seconds, scores, probabilities, test, activations)

    def _fit_epoch(self, events: EventWriter) -> None:
        """Train and validate for an epoch; save and show what came out."""
        epoch, batches = len(self.history), self.data.num_batches("train")
        lr, start = self.optimizer.schedule(self.optimizer.steps), time.perf_counter()
        trained = self._train_epoch(epoch)
        self.optimizer.flush_denormals()
        images_per_second = len(self.data.rows["train"]) / (time.perf_counter() - start)
        row: Row = {"epoch": epoch + 1, "step": (epoch + 1) * batches, "lr": lr}
        row |= {f"train/{name}": value for name, value in trained.items()}
        row |= {f"val/{name}": value for name, value in self._validate().items()}
        stop_at_nan("validation", row["val/loss"], int(row["step"]), epoch + 1)
        self.history.append(row)
        self._save()
        self._log(events, row, images_per_second)
        self.progress.epoch_done(row, images_per_second)

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        """One pass through the training batches; returns the means of the loss, its terms and the accuracy."""
        self.model.train()
        self.model.reset_sums()
        self.model.current_epoch = epoch
        for batch_idx, batch in enumerate(self.data.batches("train", epoch)):
            loss = self.model.training_step(batch, batch_idx)
            stop_at_nan("training", loss, self.optimizer.steps, epoch + 1)
            self.optimizer.step()
            self.progress.batch_done()
            self.interrupts.check()
        return self.model.means()

    def _validate(self) -> dict[str, float]:
        """One pass through the validation batches; returns the same means."""
        self.model.eval()
        self.model.reset_sums()
        for batch in self.data.batches("validation"):
            self.model.validation_step(batch)
        return self.model.means()

    def _scores(self) -> np.ndarray:
        """One pass through the test batches; returns the scores (N, C)."""
        self.model.eval()
        self.model.reset_sums()
        for batch in self.data.batches("test"):
            self.model.test_step(batch)
        return self.model.test_scores()

    def _activations(self) -> dict[str, np.ndarray]:
        """What the figures show of the network, for some test images: with the best weights, and the first epoch's."""
        model, data = self.model, self.data
        images = data.inputs("test", data.example_rows())
        mapped = data.inputs("test", data.mapped_rows())
        activations = {"features_best": model.features(images)}
        activations |= dict(zip(("maps_first", "maps_last"), model.feature_maps(mapped), strict=False))
        if isinstance(model, DualTower):
            activations["words"] = model.words()
        if isinstance(model, SequenceClassifier):
            activations |= model.looked_at(mapped)
        if (self.run.folder / FIRST).is_file():
            self._load_weights(FIRST)
            activations["features_first"] = model.features(images)
        return activations

    def _log(self, events: EventWriter, row: Row, images_per_second: float) -> None:
        step = int(row["step"])
        events.scalars(epoch_scalars(self.run.experiment_name, row, images_per_second), step)
        for name, parameter in self.model.named_parameters():
            events.histogram(f"weights/{name}", parameter.data, step)
            events.histogram(f"gradients/{name}", parameter.grad, step)
        events.flush()

    def _save(self) -> None:
        """The weights of the first and of the best epoch, the history, and last what `_restore` reads."""
        state, folder = self.model.state_dict(), self.run.folder
        if len(self.history) == 1:
            save_weights(folder / FIRST, state)
        if best_row(self.history) is self.history[-1]:
            save_weights(folder / BEST, state)
        self.run.write_history(self.history)
        everything = {f"model.{name}": array for name, array in state.items()}
        everything |= {f"optimizer.{name}": array for name, array in self.optimizer.state_dict().items()}
        save_weights(folder / LAST, everything, {"epoch": str(len(self.history))})

    def _load_weights(self, name: str) -> None:
        """Load a file of the run into the model; one that does not fit is a `UserError`."""
        path = self.run.folder / name
        try:
            self.model.load_state_dict(load_weights(path)[0])
        except (KeyError, ValueError) as error:
            raise UserError(f"{path}: does not fit this experiment ({error}); start a new run.") from error

    def _restore(self) -> list[Row]:
        """Load the model and the optimiser of the last complete epoch; returns the history until then."""
        path = self.run.folder / LAST
        if not path.exists():  # stopped within the first epoch
            return []
        arrays, metadata = load_weights(path)
        try:
            for part in ("model", "optimizer"):
                state = {name.removeprefix(f"{part}."): arrays[name] for name in arrays if name.startswith(f"{part}.")}
                (self.model if part == "model" else self.optimizer).load_state_dict(state)
            return self.run.read_history(int(metadata["epoch"]))
        except (KeyError, ValueError) as error:
            raise UserError(f"{path}: does not fit this experiment ({error}); start a new run.") from error
