"""Training speed of both tracks beside a bare PyTorch loop, Lightning's usual style, scikit-learn and JAX.

    python benchmarks/training_speed.py                                          # doodles
    python benchmarks/training_speed.py --data.root data/quickdraw_subset_np     # real drawings
    python benchmarks/training_speed.py softmax "dual tower"                     # only these

Takes the trainers' flags, after names of networks. All contestants train the same network on the same drawings in one
process; rounds alternate between them, so that a busy moment hits all alike, and the median round counts. Only the
passes through the training drawings are timed, not validation, logging and start-up. JAX trains in a process of its own
right after, where it is installed (pip install jax).
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])

import lightning.pytorch as pl  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torchmetrics  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402
from torch.nn import functional  # noqa: E402

from benchmarks.bare_transformer import bare_transformer  # noqa: E402
from datamodules.image_dataset import as_batch  # noqa: E402
from datamodules.images import ImageDataModule  # noqa: E402
from datamodules.lightning_adapter import ImageLightningDataModule  # noqa: E402
from datamodules.registry import make_data  # noqa: E402
from experiment.commandline import parse_command  # noqa: E402
from experiment.config import Augmentation, Experiment, Optimizer, Softmax, Trainer  # noqa: E402
from experiment.errors import UserError, run_program  # noqa: E402
from experiment.run import Row, Run  # noqa: E402
from lightning_models import trainer as lightning_track  # noqa: E402
from lightning_models.optim import make_optimizer  # noqa: E402
from numpy_ref import trainer as numpy_track  # noqa: E402
from visualization.console import Progress  # noqa: E402

ROUNDS = 7
MORE_ROUNDS = 15
"""For the small networks, whose rounds are over in a second: the ratios of 7 differ by a fifth from run to run."""
IMAGES = 18_000
"""Images per contestant and round, at least; small sets are passed through several times."""

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
SMALL_CNN = parse_command(
    "", ["--config", str(CONFIGS / "reports" / "3_mnist" / "cnn_10_epochs_batch_64.yaml")]
).experiment.softmax

STROKES = ["--data.augmentation", "{}", "--data.source", "doodles", "--data.test_per_category", "20"]
"""A transformer on doodles: bitmaps that `--data.root` brings have no strokes."""

OPTIONS = {
    "Conv2d": ("stride", "padding"), "MaxPool2d": ("kernel_size", "stride"), "BatchNorm2d": ("eps", "momentum"),
    "BatchNorm1d": ("eps", "momentum"), "Dropout": ("p",),
}  # fmt: skip
"""What another program has to know of a layer, besides its weights."""
Contestant = Callable[[int], float]
"""Trains for a number of epochs and returns images per second."""


class Stopwatch(Progress):
    """Takes the speeds that a trainer reports, in place of the console."""

    def __init__(self) -> None:
        super().__init__(1, 1, 0)
        self.speeds: list[float] = []

    def batch_done(self) -> None:
        """Say nothing."""

    def epoch_done(self, row: Row, images_per_second: float) -> None:
        """Keep the speed."""
        self.speeds.append(images_per_second)


def numpy_epochs(experiment: Experiment, data: ImageDataModule, folder: Path) -> Contestant:
    """The NumPy track as it is, on one BLAS thread."""

    def train(epochs: int) -> float:
        with threadpool_limits(1, "blas"):
            run, stopwatch = Run.create(replace(experiment, logs_root=str(folder)), "numpy"), Stopwatch()
            limited = replace(experiment, trainer=Trainer(max_epochs=epochs, patience=epochs))
            numpy_track.Trainer(limited, data, run, progress=stopwatch).fit()
        return statistics.harmonic_mean(stopwatch.speeds)

    return train


def lightning_epochs(
    experiment: Experiment,
    data: ImageDataModule,
    folder: Path,
    adapter: type[ImageLightningDataModule] = ImageLightningDataModule,
    skipped: int = 0,
) -> Contestant:
    """The Lightning track as it is, with batches by `adapter`; `skipped` further epochs at the start do not count."""

    def train(epochs: int) -> float:
        run, stopwatch = Run.create(replace(experiment, logs_root=str(folder)), "lightning"), Stopwatch()
        limit = skipped + epochs
        limited = replace(experiment, trainer=Trainer(max_epochs=limit, patience=limit))
        trainer = lightning_track.Trainer(limited, data, run, progress=stopwatch)
        trainer.datamodule = adapter(limited, data)
        trainer.fit()
        return statistics.harmonic_mean(stopwatch.speeds[skipped:])

    return train


def bare_loop(experiment: Experiment, data: ImageDataModule, threads: int) -> Contestant:
    """The shortest PyTorch loop for the same network: float drawings in memory, batches by index."""
    images = torch.from_numpy(as_batch(data.images("train"), np.dtype("float32")))
    labels = torch.from_numpy(data.labels("train"))

    def train(epochs: int) -> float:
        torch.set_num_threads(threads)
        network, loss_of = _bare_network(experiment, data)
        optimizer = torch.optim.SGD(network.parameters(), experiment.optimizer.lr, experiment.optimizer.momentum)
        start = time.perf_counter()
        for _ in range(epochs):
            for rows in torch.randperm(len(images)).split(experiment.data.batch_size):
                loss = loss_of(network(images[rows]), labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return epochs * len(images) / (time.perf_counter() - start)

    return train


def usual_lightning(experiment: Experiment, data: ImageDataModule, folder: Path) -> Contestant:
    """Lightning as tutorials show it: a DataLoader over single drawings, metrics and logging at each step."""
    images = torch.from_numpy(as_batch(data.images("train"), np.dtype("float32")))
    dataset = torch.utils.data.TensorDataset(images, torch.from_numpy(data.labels("train")))
    network, loss_of = _bare_network(experiment, data)

    class Usual(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.accuracy = torchmetrics.classification.MulticlassAccuracy(len(data.categories))

        def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
            outputs = self.network(batch[0])
            loss = loss_of(outputs, batch[1])
            if outputs.shape[1] == len(data.categories):
                self.accuracy(outputs, batch[1])
                self.log("train_accuracy", self.accuracy, on_step=True, on_epoch=True)
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def configure_optimizers(self) -> torch.optim.SGD:
            return torch.optim.SGD(self.parameters(), experiment.optimizer.lr, experiment.optimizer.momentum)

    def train(epochs: int) -> float:
        torch.set_num_threads(os.cpu_count() or 1)
        loader = torch.utils.data.DataLoader(dataset, experiment.data.batch_size, shuffle=True)
        trainer = pl.Trainer(max_epochs=epochs, default_root_dir=folder, enable_model_summary=False)
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            trainer.fit(Usual(), loader)
        return epochs * len(images) / (time.perf_counter() - start)

    return train


def barebones_lightning(experiment: Experiment, data: ImageDataModule) -> Contestant:
    """The least that Lightning's own loop costs: `barebones`, so no callbacks, no logger, and nothing is noted."""
    network, loss_of = _bare_network(experiment, data)

    class Barebones(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.seconds = 0.0

        def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
            return loss_of(self.network(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return make_optimizer(experiment.optimizer, list(self.parameters()))

        def on_train_epoch_start(self) -> None:
            self.seconds -= time.perf_counter()

        def on_train_epoch_end(self) -> None:
            self.seconds += time.perf_counter()

    def train(epochs: int) -> float:
        model: Any = Barebones()
        lightning_track.use_threads(lightning_track.start_model(experiment, data), data.shape)
        pl.Trainer(barebones=True, max_epochs=epochs).fit(model, ImageLightningDataModule(experiment, data))
        return epochs * len(data.rows["train"]) / float(model.seconds)

    return train


def scikit_learn(experiment: Experiment, data: ImageDataModule) -> Contestant:
    """scikit-learn's MLPClassifier with the same settings."""
    from sklearn.neural_network import MLPClassifier

    images = data.images("train").reshape(-1, 784).astype(np.float32) / 255

    def train(epochs: int) -> float:
        network = MLPClassifier(
            experiment.softmax.hidden_dims,
            solver="sgd",
            alpha=0,
            batch_size=experiment.data.batch_size,
            learning_rate_init=experiment.optimizer.lr,
            momentum=experiment.optimizer.momentum,
            nesterovs_momentum=False,
            max_iter=epochs,
            n_iter_no_change=epochs + 1,
        )
        start = time.perf_counter()
        with threadpool_limits(1, "blas"):
            network.fit(images, data.labels("train"))
        return epochs * len(images) / (time.perf_counter() - start)

    return train


def jax_speeds(
    experiment: Experiment, data: ImageDataModule, folder: Path, images: int, rounds: int
) -> dict[str, list[float]]:
    """The speeds of benchmarks/jax_training.py; none, and a line that says so, where JAX is not installed."""
    if importlib.util.find_spec("jax") is None:
        print("\nJAX is not installed, so it is left out (pip install jax)", flush=True)
        return {}
    leave_network(experiment, data, folder)
    program, epochs = Path(__file__).with_name("jax_training.py"), epochs_for(images, data)
    command = [sys.executable, str(program), str(folder), str(epochs), str(rounds)]
    settings = os.environ | {"JAX_TRACEBACK_FILTERING": "off"}  # so that the last line of a traceback is the error
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=settings)
    if done.returncode:
        raise UserError(f"{program.name} failed: {done.stderr.strip().splitlines()[-1]}")
    speeds: dict[str, list[float]] = json.loads(done.stdout)
    return speeds


def leave_network(experiment: Experiment, data: ImageDataModule, folder: Path) -> None:
    """Write the trained layers with their options and initial weights, and the images, for another program."""
    layers, _ = _bare_network(experiment, data)
    arrays = {name: tensor.numpy() for name, tensor in layers.state_dict().items()}
    arrays |= {"images": as_batch(data.images("train"), np.dtype("float32")), "labels": data.labels("train")}
    if experiment.model == "dual_tower":
        arrays["words"] = _bare_words(lightning_track.start_model(experiment, data)).numpy()
    np.savez(folder / "arrays.npz", **arrays)
    plan = []
    for layer in layers:
        name = type(layer).__name__
        plan.append((name, {option: _plain(getattr(layer, option)) for option in OPTIONS.get(name, ())}))
    settings: dict[str, Any] = {"lr": experiment.optimizer.lr, "momentum": experiment.optimizer.momentum}
    settings |= {"batch_size": experiment.data.batch_size, "layers": plan}
    (folder / "network.json").write_text(json.dumps(settings))


def _plain(value: Any) -> Any:
    """One number for both axes."""
    return value[0] if isinstance(value, tuple) else value


def compare(title: str, experiment: Experiment, usual: bool = True) -> None:
    """Let all contestants run in turns, and print medians and ratios to the fastest bare loop."""
    data = make_data(experiment)
    with tempfile.TemporaryDirectory() as name:
        folder, bare = Path(name), bare_transformer if experiment.model == "sequence" else bare_loop
        contestants = {
            "bare PyTorch loop, 1 thread": bare(experiment, data, 1),
            "bare PyTorch loop, 2 threads": bare(experiment, data, 2),
            "NumPy track": numpy_epochs(experiment, data, folder),
            "Lightning track": lightning_epochs(experiment, data, folder),
        }
        if usual:
            contestants["Lightning, barebones"] = barebones_lightning(experiment, data)
            contestants["Lightning, usual style"] = usual_lightning(experiment, data, folder)
        if usual and experiment.model == "softmax":
            contestants["scikit-learn MLPClassifier"] = scikit_learn(experiment, data)
        images, rounds = (IMAGES, MORE_ROUNDS) if usual else (0, ROUNDS)
        speeds = in_turns(contestants, data, images, rounds)
        if experiment.model != "sequence":
            speeds |= jax_speeds(experiment, data, folder, images, rounds)
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    fastest = max(medians[name] for name in list(contestants)[:2])
    report(f"{title} on {data.description}", speeds, fastest, "of the fastest bare loop")


def compare_augmentation(title: str, experiment: Experiment) -> None:
    """How much longer an epoch of each track takes with augmentation."""
    for track, epochs in (("NumPy", numpy_epochs), ("Lightning", lightning_epochs)):
        with tempfile.TemporaryDirectory() as name:
            plain = replace(experiment, data=replace(experiment.data, augmentation=Augmentation()))
            data, augmented = make_data(plain), make_data(experiment)
            contestants = {
                f"{track} track": epochs(plain, data, Path(name)),
                f"{track} track, augmented": epochs(experiment, augmented, Path(name)),
            }
            speeds = in_turns(contestants, data, IMAGES)
        without = statistics.median(speeds[f"{track} track"])
        report(f"augmentation, {title} on {data.description}", speeds, without, "of the speed without")


def in_turns(
    contestants: dict[str, Contestant], data: ImageDataModule, images: int, rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Images per second of each contestant in each round; a round has at least `images` images."""
    epochs = epochs_for(images, data)
    speeds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, train in contestants.items():
            speed = train(epochs)
            if number:  # the first round warms up
                speeds[name].append(speed)
    return speeds


def epochs_for(images: int, data: ImageDataModule) -> int:
    """How many passes have at least `images` images."""
    return max(1, -(-images // len(data.rows["train"])))


def report(title: str, speeds: dict[str, list[float]], base: float, words: str) -> None:
    """Print the medians, the spread, and the ratios to `base`."""
    print(f"\n{title}; median of {len(next(iter(speeds.values())))} rounds")
    for name, values in speeds.items():
        median, spread = statistics.median(values), f"{min(values):>9,.0f} to {max(values):>9,.0f}"
        print(f"  {name:<30}{median:>10,.0f} images/s  ({spread})  {median / base:5.2f} {words}", flush=True)


def main() -> int:
    """Benchmark the softmax classifier, the dual tower, CNNs, a transformer, and what augmentation costs."""
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    only = list(itertools.takewhile(lambda word: not word.startswith("-"), sys.argv[1:]))
    base = parse_command("Compare training speeds.", sys.argv[1 + len(only) :]).experiment
    cnn, small_step = _recipe("cnn").softmax, Optimizer(lr=0.01)
    networks = {
        "softmax": (replace(base, model="softmax", optimizer=small_step), True),
        "dual tower": (replace(base, model="dual_tower", optimizer=Optimizer(lr=0.1)), True),
        "small CNN (report 3)": (replace(base, softmax=SMALL_CNN, optimizer=small_step), False),
        "CNN of the recipe": (replace(base, softmax=replace(cnn, label_smoothing=0.0), optimizer=small_step), False),
        "transformer on strokes": (
            parse_command("", ["--config", f"{CONFIGS}/sequence.yaml", *STROKES]).experiment,
            False,
        ),
    }
    unknown = set(only) - {*networks, "augmentation"}
    if unknown:
        raise UserError(f"unknown network {unknown.pop()!r}; choose from {', '.join([*networks, 'augmentation'])}.")
    for name, (experiment, usual) in networks.items():
        if not only or name in only:
            compare(name, experiment, usual)
    if not only or "augmentation" in only:
        compare_augmented_networks(base)
    return 0


def compare_augmented_networks(base: Experiment) -> None:
    """What augmentation costs an epoch of a small and of a large MLP."""
    augmentation = _recipe("mlp").data.augmentation
    for name, network in (("MLP [128, 64]", Softmax()), ("MLP of the recipe", _recipe("mlp").softmax)):
        data = replace(base.data, augmentation=augmentation)
        compare_augmentation(name, replace(base, softmax=network, data=data))


def _recipe(name: str) -> Experiment:
    return parse_command("", ["--config", str(CONFIGS / "recipes" / f"{name}.yaml")]).experiment


def _bare_network(
    experiment: Experiment, data: ImageDataModule
) -> tuple[Any, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]]:
    """The trained part of the experiment's network, and its loss; a frozen word tower is a constant."""
    model: Any = lightning_track.start_model(experiment, data)
    if experiment.model == "softmax":
        return model.layers, torch.nn.CrossEntropyLoss()
    words = _bare_words(model)

    def cosine_loss(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        similarities = functional.normalize(outputs, dim=1) @ words.T
        return (1 - similarities.gather(1, labels[:, None])).mean()

    return model.image_tower, cosine_loss


@torch.no_grad()
def _bare_words(model: Any) -> torch.Tensor:
    return functional.normalize(model.word_tower(model.word_vectors), dim=1)


if __name__ == "__main__":
    run_program(main)
