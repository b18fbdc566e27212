"""Trains a model with Lightning: its Trainer, EarlyStopping, ModelCheckpoint, TensorBoardLogger and torchmetrics."""

from __future__ import annotations

import io
import logging
import time
import warnings
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins import TorchCheckpointIO
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from datamodules.drawings import as_batch
from datamodules.images import ImageDataModule
from datamodules.lightning_adapter import LightningImages
from experiment.config import Experiment
from experiment.console import Progress
from experiment.errors import UserError
from experiment.files import written_whole
from experiment.history import ended_by
from experiment.initial_weights import initial_weights
from experiment.interrupt import Watch, ctrl_c_watched
from experiment.network import Shape
from experiment.results import Outcome
from experiment.run import Row, Run
from experiment.weights import BEST, FIRST, load_weights
from lightning_models.callbacks import EarlyStopping, EpochRecorder, ModelCheckpoint
from lightning_models.classifier import Classifier
from lightning_models.dual_tower import DualTower
from lightning_models.layers import Dropout
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
"""Below so many multiplications per image, torch's further threads cost more than they bring: they fall asleep
between two steps."""


def train(experiment: Experiment, data: ImageDataModule, run: Run, resumed: bool) -> Outcome:
    """Train `experiment` on `data` into `run`, then test the weights with the smallest validation loss."""
    model = start_model(experiment, data)
    history, seconds = learn(model, experiment, data, run, resumed)
    return finish(model, experiment, data, run, history, seconds)


def learn(
    model: Classifier,
    experiment: Experiment,
    data: ImageDataModule,
    run: Run,
    resumed: bool = False,
    progress: Progress | None = None,
) -> tuple[list[Row], float]:
    """Train until patience or the epochs run out; returns the history, and the seconds that it took."""
    prepare(model, experiment, data.shape)
    history = _restore(run) if resumed else []
    start = time.perf_counter()
    shown = progress or Progress(experiment.trainer.max_epochs, data.num_batches("train"), len(history))
    with shown, ctrl_c_watched() as watch:
        fit(model, LightningImages(data), experiment, run, history, shown, watch)
    return history, time.perf_counter() - start


def finish(
    model: Classifier, experiment: Experiment, data: ImageDataModule, run: Run, history: list[Row], seconds: float
) -> Outcome:
    """Test the weights with the smallest validation loss."""
    _load_weights(model, run, BEST)
    alone = {"devices": 1, "num_nodes": 1, "strategy": "auto"}  # exact, whatever number of processes trained
    tester = make_trainer(experiment, logger=False, enable_checkpointing=False, fast_dev_run=False, **alone)
    tester.test(model, LightningImages(data), verbose=False)
    model.eval()  # Lightning has put the mode back
    scores, labels = model.test_scores().cpu(), torch.from_numpy(data.labels("test"))
    probabilities = model.probabilities(scores)
    test = test_metrics(probabilities, labels, data.categories)
    test["overall"] = {"loss": model.loss_terms(scores, labels)["loss"].item(), **test["overall"]}
    return Outcome(history, seconds, scores.numpy(), probabilities.numpy(), test, look_inside(model, data, run))


@torch.inference_mode()
def look_inside(model: Classifier, data: ImageDataModule, run: Run) -> dict[str, np.ndarray]:
    """What the figures show of the network's inside, for some test images, with the best weights loaded before."""
    images = torch.from_numpy(as_batch(data.images("test", data.example_rows()), data.dtype)).to(model.device)
    mapped = torch.from_numpy(as_batch(data.images("test", data.mapped_rows()), data.dtype)).to(model.device)
    inside = {"features_best": model.features(images)}
    inside |= dict(zip(("maps_first", "maps_last"), model.feature_maps(mapped), strict=False))
    if isinstance(model, DualTower):
        inside["words"] = model.words()
    if (run.folder / FIRST).is_file():
        _load_weights(model, run, FIRST)
        inside["features_first"] = model.features(images)
    return {name: tensor.cpu().numpy() for name, tensor in inside.items()}


def start_model(experiment: Experiment, data: ImageDataModule) -> Classifier:
    """The model with the initial weights of the experiment's seed, the same as in the NumPy track."""
    model = build_model(experiment, data.shape, len(data.categories), data.words.vectors if data.words else None)
    model.steps_per_epoch = data.num_batches("train")
    shapes = [(name, tuple(parameter.shape)) for name, parameter in model.named_parameters()]
    weights = initial_weights(shapes, experiment.seed, data.dtype, experiment.initializer)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()}, strict=False)
    return model


def prepare(model: Classifier, experiment: Experiment, shape: Shape) -> None:
    """Choose torch's threads, and compile the layers where the experiment asks for it."""
    use_threads(model, shape)
    if experiment.compile:
        compile_layers(model)


def use_threads(model: Classifier, shape: Shape) -> None:
    """Let torch use one thread for a small model, and all cores for others."""
    if multiplications(model, shape) < SMALL:
        torch.set_num_threads(1)


def compile_layers(model: Classifier) -> None:
    """Compile the layers through which images pass; the names of their weights stay.

    Dropout asks NumPy for another mask at each step, for each of which PyTorch would compile anew: it is left out.
    """
    layers = model.image_layers()
    for layer in layers:
        if isinstance(layer, Dropout):
            layer.forward = torch.compiler.disable(layer.forward)  # type: ignore[method-assign]
    layers.forward = torch.compile(layers.forward)  # type: ignore[method-assign]


@torch.inference_mode()
def multiplications(model: Classifier, shape: Shape) -> int:
    """How many multiplications an image of `shape` costs: each weight's, at each place of the output."""
    x, count = torch.zeros(1, *shape, dtype=next(model.parameters()).dtype), 0
    model.eval()
    for layer in model.image_layers():
        x = layer(x)
        weight = getattr(layer, "weight", None)
        if weight is not None:
            count += weight.numel() * x[0, 0].numel()
    model.train()
    return count


def make_trainer(experiment: Experiment, **options: Any) -> Trainer:
    """Lightning's Trainer with our defaults, then the `lightning:` section, then `options`."""
    _quieten()
    defaults = {"devices": 1, "enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
    defaults |= {"sync_batchnorm": True}  # of use only where several processes train on GPUs
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
    adapter: LightningImages,
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
    _check_processes(trainer, model)
    try:
        trainer.fit(model, adapter, ckpt_path=str(run.folder / LAST) if history else None, weights_only=True)
    except RuntimeError as error:
        if trainer.world_size == 1:
            raise
        raise UserError(
            f"process {trainer.global_rank} of {trainer.world_size} lost the others, one of which has ended "
            f"({' '.join(str(error).split())[:120]}); the complete epochs are saved: go on with --resume {run.folder}."
        ) from error
    finally:
        (run.folder / "hparams.yaml").unlink(missing_ok=True)  # the logger's own; ours is config.yaml


def _check_processes(trainer: Trainer, model: Classifier) -> None:
    """Several processes are one training only if each sees what belongs to the whole batch."""
    normalised = any(isinstance(layer, torch.nn.modules.batchnorm._BatchNorm) for layer in model.modules())
    if trainer.world_size > 1 and normalised and trainer.strategy.root_device.type == "cpu":
        raise UserError(
            f"--lightning.devices: BatchNorm cannot be shared by {trainer.world_size} CPU processes; each would "
            "normalise its own share of a batch. Train with devices: 1, on GPUs, or without BatchNorm."
        )


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


def _load_weights(model: Classifier, run: Run, name: str) -> None:
    weights, _ = load_weights(run.folder / name)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})


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
    for message in (
        "Checkpoint directory",
        "The number of training batches",
        "It is recommended to use .self.log",
        "`isinstance.treespec",
    ):
        warnings.filterwarnings("ignore", message=f".*{message}")
