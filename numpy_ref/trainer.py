"""Trains a model in plain NumPy: the loop over epochs and batches, early stopping, best weights, resuming."""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

from datamodules.drawings import as_batch
from datamodules.images import ImageDataModule
from experiment.config import Experiment
from experiment.console import Progress
from experiment.errors import UserError
from experiment.history import best_row, ended_by, stop_at_nan
from experiment.initial_weights import initial_weights
from experiment.interrupt import Watch, ctrl_c_watched
from experiment.metrics import test_metrics
from experiment.results import Outcome
from experiment.run import Row, Run
from experiment.tensorboard import EventWriter
from experiment.weights import BEST, FIRST, load_weights, save_weights
from numpy_ref.models import Classifier, DualTower, build_model
from numpy_ref.optim import Optimizer

LAST = "checkpoints/last.safetensors"


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
    """Train until patience or the epochs run out; returns the history, and the seconds that it took.

    BLAS is held to one thread: for batches this small its threads cost more than they bring, and on a busy
    machine they wait for each other in busy loops.
    """
    quiet = np.errstate(over="ignore", invalid="ignore")  # a loss that overflows is reported by stop_at_nan
    with threadpool_limits(1, "blas"), quiet:
        optimizer = model.configure_optimizers()
        history = _restore(model, optimizer, run) if resumed else []
        start = time.perf_counter()
        shown = progress or Progress(experiment.trainer.max_epochs, data.num_batches("train"), len(history))
        with shown, ctrl_c_watched() as watch:
            fit(model, optimizer, data, experiment, run, history, shown, watch)
        return history, time.perf_counter() - start


def finish(
    model: Classifier, experiment: Experiment, data: ImageDataModule, run: Run, history: list[Row], seconds: float
) -> Outcome:
    """Test the weights with the smallest validation loss."""
    with threadpool_limits(1, "blas"):
        model.load_state_dict(load_weights(run.folder / BEST)[0])
        model.eval()
        scores = evaluate(model, data)
        probabilities = model.probabilities(scores)
        test = test_metrics(data.labels("test"), probabilities, data.categories)
        test["overall"] = {"loss": model.loss_terms(scores, data.labels("test"))["loss"], **test["overall"]}
        return Outcome(history, seconds, scores, probabilities, test, look_inside(model, data, run))


def look_inside(model: Classifier, data: ImageDataModule, run: Run) -> dict[str, np.ndarray]:
    """What the figures show of the network's inside, for some test images, with the best weights loaded before."""
    images = as_batch(data.images("test", data.example_rows()), data.dtype)
    mapped = as_batch(data.images("test", data.mapped_rows()), data.dtype)
    inside = {"features_best": model.features(images)}
    inside |= dict(zip(("maps_first", "maps_last"), model.feature_maps(mapped), strict=False))
    if isinstance(model, DualTower):
        inside["words"] = model.words()
    if (run.folder / FIRST).is_file():
        model.load_state_dict(load_weights(run.folder / FIRST)[0])
        inside["features_first"] = model.features(images)
    return inside


def fit(
    model: Classifier,
    optimizer: Optimizer,
    data: ImageDataModule,
    experiment: Experiment,
    run: Run,
    history: list[Row],
    progress: Progress,
    watch: Watch,
) -> None:
    """Train until patience or the epochs run out, after those in `history`, which grows."""
    batches = data.num_batches("train")
    with EventWriter(run.folder) as events:
        while not ended_by(history, experiment.trainer):
            epoch = len(history)
            lr, start = optimizer.schedule(optimizer.steps), time.perf_counter()
            trained = train_epoch(model, optimizer, data, epoch, progress, watch)
            images_per_second = len(data.rows["train"]) / (time.perf_counter() - start)
            row: Row = {"epoch": epoch + 1, "step": (epoch + 1) * batches, "lr": lr}
            row |= {f"train/{name}": value for name, value in trained.items()}
            row |= {f"val/{name}": value for name, value in validate(model, data).items()}
            stop_at_nan("validation", row["val/loss"], int(row["step"]), epoch + 1)
            history.append(row)
            _save(model, optimizer, run, history)
            _log(model, events, row, images_per_second)
            progress.epoch_done(row, images_per_second)


def start_model(experiment: Experiment, data: ImageDataModule) -> Classifier:
    """The model with the initial weights of the experiment's seed."""
    model = build_model(experiment, data.shape, len(data.categories), data.words.vectors if data.words else None)
    model.steps_per_epoch = data.num_batches("train")
    shapes = [(name, parameter.data.shape) for name, parameter in model.named_parameters()]
    weights = initial_weights(shapes, experiment.seed, data.dtype, experiment.initializer)
    for name, parameter in model.named_parameters():
        parameter.data[...] = weights[name]
    return model


def train_epoch(
    model: Classifier, optimizer: Optimizer, data: ImageDataModule, epoch: int, progress: Progress, watch: Watch
) -> dict[str, float]:
    """One pass through the training batches; returns the means of the loss, its terms and the accuracy."""
    model.train()
    model.reset_sums()
    model.current_epoch = epoch
    first_step = epoch * data.num_batches("train")
    for number, batch in enumerate(data.batches("train", epoch)):
        loss = model.training_step(batch, number)
        stop_at_nan("training", loss, first_step + number, epoch + 1)
        optimizer.step()
        progress.batch_done()
        watch.check()
    return model.means()


def validate(model: Classifier, data: ImageDataModule) -> dict[str, float]:
    """One pass through the validation batches; returns the same means."""
    model.eval()
    model.reset_sums()
    for batch in data.batches("validation"):
        model.validation_step(batch)
    return model.means()


def evaluate(model: Classifier, data: ImageDataModule) -> np.ndarray:
    """The scores (N, C) of the test drawings."""
    model.reset_sums()
    for batch in data.batches("test"):
        model.test_step(batch)
    return model.test_scores()


def _log(model: Classifier, events: EventWriter, row: Row, images_per_second: float) -> None:
    step = int(row["step"])
    scalars = {tag: value for tag, value in row.items() if tag != "step"}
    events.scalars(scalars | {"time/images_per_second": images_per_second}, step)
    for name, parameter in model.named_parameters():
        events.histogram(f"weights/{name}", parameter.data, step)
        events.histogram(f"gradients/{name}", parameter.grad, step)
    events.flush()


def _save(model: Classifier, optimizer: Optimizer, run: Run, history: list[Row]) -> None:
    state = model.state_dict()
    if len(history) == 1:
        save_weights(run.folder / FIRST, state)
    if best_row(history) is history[-1]:
        save_weights(run.folder / BEST, state)
    run.write_history(history)
    everything = {f"model.{name}": array for name, array in state.items()}
    everything |= {f"optimizer.{name}": array for name, array in optimizer.state_dict().items()}
    save_weights(run.folder / LAST, everything, {"epoch": str(len(history))})


def _restore(model: Classifier, optimizer: Optimizer, run: Run) -> list[Row]:
    path = run.folder / LAST
    if not path.is_file():  # stopped within the first epoch
        return []
    arrays, notes = load_weights(path)
    try:
        for part in ("model", "optimizer"):
            state = {name.removeprefix(f"{part}."): arrays[name] for name in arrays if name.startswith(f"{part}.")}
            (model if part == "model" else optimizer).load_state_dict(state)
        return run.read_history(int(notes["epoch"]))
    except (KeyError, ValueError) as error:
        raise UserError(f"{path}: does not fit this experiment ({error}); start a new run.") from error
