"""Trains a model with Lightning: its Trainer, EarlyStopping, ModelCheckpoint, TensorBoardLogger and torchmetrics."""

from __future__ import annotations

import io
import logging
import time
import warnings
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins import TorchCheckpointIO
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from datamodules.lightning_adapter import LightningQuickDraw
from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import Experiment
from experiment.console import Progress
from experiment.errors import UserError
from experiment.files import written_whole
from experiment.history import ended_by
from experiment.initial_weights import initial_weights
from experiment.interrupt import Watch, ctrl_c_watched
from experiment.results import Outcome
from experiment.run import Row, Run
from experiment.weights import BEST, load_weights
from lightning_models.callbacks import EpochRecorder
from lightning_models.classifier import Classifier
from lightning_models.metrics import test_metrics
from lightning_models.models import build_model

LAST = "checkpoints/last.ckpt"
OURS = {"max_epochs": "trainer.max_epochs", "precision": "trainer.dtype"}
"""Trainer arguments that a field of the experiment decides."""
FIXED = (
    *("logger", "callbacks", "plugins", "profiler", "barebones", "max_steps", "max_time"),
    *("limit_val_batches", "limit_test_batches", "check_val_every_n_epoch", "val_check_interval"),
)
"""Trainer arguments that this project sets itself: a run has whole epochs, with one whole validation each."""
SMALL = 1_000_000
"""Below so many weights, torch's further threads cost more than they bring: they fall asleep between two steps."""


def train(experiment: Experiment, data: QuickDrawDataModule, run: Run, resumed: bool) -> Outcome:
    """Train `experiment` on `data` into `run`, then test the weights with the smallest validation loss."""
    model = start_model(experiment, data)
    use_threads(model)
    adapter = LightningQuickDraw(data)
    history = _restore(run) if resumed else []
    start = time.perf_counter()
    batches = data.num_batches("train")
    with Progress(experiment.trainer.max_epochs, batches, len(history)) as progress, ctrl_c_watched() as watch:
        fit(model, adapter, experiment, run, history, progress, watch)
    return finish(model, adapter, experiment, run, history, time.perf_counter() - start)


def finish(
    model: Classifier,
    adapter: LightningQuickDraw,
    experiment: Experiment,
    run: Run,
    history: list[Row],
    seconds: float,
) -> Outcome:
    """Test the weights with the smallest validation loss."""
    data = adapter.data
    best, _ = load_weights(run.folder / BEST)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in best.items()})
    tester = make_trainer(experiment, logger=False, enable_checkpointing=False, fast_dev_run=False)
    tester.test(model, adapter, verbose=False)
    scores, labels = model.test_scores().cpu(), torch.from_numpy(data.labels("test"))
    probabilities = model.probabilities(scores)
    test = test_metrics(probabilities, labels, data.categories)
    test["overall"] = {"loss": float(model.loss_terms(scores, labels)["loss"]), **test["overall"]}
    return Outcome(history, seconds, scores.numpy(), probabilities.numpy(), test)


def start_model(experiment: Experiment, data: QuickDrawDataModule) -> Classifier:
    """The model with the initial weights of the experiment's seed, the same as in the NumPy track."""
    model = build_model(experiment, len(data.categories), data.words.vectors if data.words else None)
    shapes = [(name, tuple(parameter.shape)) for name, parameter in model.named_parameters()]
    weights = initial_weights(shapes, experiment.seed, data.dtype)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()}, strict=False)
    return model


def use_threads(model: Classifier) -> None:
    """Let torch use one thread for a small model, and all cores for others."""
    if sum(parameter.numel() for parameter in model.parameters()) < SMALL:
        torch.set_num_threads(1)


def make_trainer(experiment: Experiment, **options: Any) -> Trainer:
    """Lightning's Trainer with our defaults, then the `lightning:` section, then `options`."""
    _quieten()
    defaults = {"devices": 1, "enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
    for name in experiment.lightning:
        if name in OURS:
            raise UserError(f"--lightning.{name}: use --{OURS[name]} instead, which both tracks heed.")
        if name in FIXED:
            raise UserError(f"--lightning.{name}: this project sets it itself; leave it out.")
    try:
        return Trainer(**(defaults | experiment.lightning | options))
    except (TypeError, ValueError, MisconfigurationException) as error:
        raise UserError(f"--lightning {experiment.lightning}: Lightning's Trainer refuses it: {error}") from error


def fit(
    model: Classifier,
    adapter: LightningQuickDraw,
    experiment: Experiment,
    run: Run,
    history: list[Row],
    progress: Progress,
    watch: Watch,
) -> None:
    """Train until patience or the epochs run out, after those in `history`, which grows."""
    if ended_by(history, experiment.trainer):
        return
    callbacks: list[Callback] = [
        EpochRecorder(run, history, progress, watch, len(adapter.data.rows["train"])),
        EarlyStopping("val/loss", patience=experiment.trainer.patience, mode="min", check_finite=False),
        ModelCheckpoint(run.folder / "checkpoints", "last", enable_version_counter=False, save_on_train_epoch_end=True),
    ]
    trainer = make_trainer(
        experiment,
        max_epochs=experiment.trainer.max_epochs,
        callbacks=callbacks,
        logger=TensorBoardLogger(run.folder, name="", version="", default_hp_metric=False),
        profiler=NoProfiler(),
        plugins=[WholeCheckpoints()],
    )
    try:
        trainer.fit(model, adapter, ckpt_path=str(run.folder / LAST) if history else None, weights_only=True)
    finally:
        (run.folder / "hparams.yaml").unlink(missing_ok=True)  # the logger's own; ours is config.yaml


class WholeCheckpoints(TorchCheckpointIO):
    """Writes checkpoints whole or not at all; Lightning's own way copies them over from another disk's /tmp."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """To a temporary file beside the target, then renamed."""
        content = io.BytesIO()
        torch.save(checkpoint, content)
        with written_whole(Path(path)) as file:
            file.write(content.getbuffer())


class NoProfiler(PassThroughProfiler):
    """Lightning enters the profiler's context some 45 times per step; this one costs next to nothing."""

    NOTHING: ClassVar[AbstractContextManager[None]] = nullcontext()

    def profile(self, action_name: str) -> AbstractContextManager[None]:  # type: ignore[override]
        """No measurement."""
        return self.NOTHING


def _restore(run: Run) -> list[Row]:
    """The history up to the last checkpoint, after a look whether that can be read."""
    if not (run.folder / LAST).is_file():  # stopped within the first epoch
        return []
    epochs = _load(run, LAST)["epoch"] + 1
    return run.read_history(epochs)


def _load(run: Run, name: str) -> dict[str, Any]:
    """A checkpoint of Lightning's, without unpickling anything but tensors and plain values."""
    try:
        return dict(torch.load(run.folder / name, map_location="cpu", weights_only=True))
    except Exception as error:
        raise UserError(f"{run.folder / name}: missing or damaged; start a new run.") from error


def _quieten() -> None:
    """Leave the console to our own lines: no tips, and no warnings about what this project does on purpose."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in ("Checkpoint directory", "The number of training batches", "`isinstance.treespec"):
        warnings.filterwarnings("ignore", message=f".*{message}")
