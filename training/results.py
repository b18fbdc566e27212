"""After training, for either track: test metrics, predictions, figures and TensorBoard's events."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from datamodules.images import ImageDataModule
from datamodules.sequences import pictures_of
from experiment.active_settings import find_twin
from experiment.commandline import to_yaml
from experiment.config import Experiment
from experiment.files import atomic_write
from experiment.history import best_row, ended_by
from experiment.metrics import most_confused
from experiment.registry import MODELS
from experiment.run import SCHEMA, Row, Run
from visualization.projector import write_projector
from visualization.run_data import read_results
from visualization.run_events import (
    FIGURES,
    results_of,
    write_charts,
    write_difference,
    write_settings,
    write_trial_settings,
)
from visualization.second_process import SecondProcess, draw_here
from visualization.tensorboard import EventWriter

if TYPE_CHECKING:
    from visualization.figures import Drawn


@dataclass(frozen=True)
class TrainingResult:
    """What a track's `train` returns, tested with the best weights."""

    history: list[Row]
    seconds: float
    """Training and validation of the epochs in this process, without start-up, test and figures."""
    scores: np.ndarray
    """(N, C) of the test: logits, or similarities where the model needs words."""
    probabilities: np.ndarray
    """(N, C) of the test."""
    test: dict[str, Any]
    """`overall` and `per_class`, as `experiment.metrics.summarise` returns them."""
    activations: dict[str, np.ndarray]
    """What the network makes of the example images: arrays of `examples.npz`."""


def save_results(
    run: Run,
    experiment: Experiment,
    track: str,
    data: ImageDataModule,
    metadata: dict[str, Any],
    result: TrainingResult,
    drawing: SecondProcess | None = None,
) -> None:
    """Leave predictions, examples, figures, TensorBoard's summary and, last, `metrics.json` in the run's folder.

    `drawing` draws the figures; without it this process does.
    """
    extra = {"similarities": result.scores} if MODELS[experiment.model].needs_words else {}
    run.write_arrays("predictions.npz", labels=data.labels("test"), probabilities=result.probabilities, **extra)
    rows, mapped = data.example_rows(), data.mapped_rows()
    examples = data.images("test", rows)
    shown = {"rows": rows, "images": pictures_of(examples), "mapped_rows": mapped}
    shown |= {"mapped_images": pictures_of(data.images("test", mapped))}
    shown |= {"points": examples, "mapped_points": data.images("test", mapped)} if data.as_strokes else {}
    run.write_arrays("examples.npz", **shown, **result.activations)
    _write_events(run, experiment, track, metadata, result, drawing)
    best = best_row(result.history)
    run.write_json(
        "metrics.json",
        {
            "schema": SCHEMA,
            "experiment": experiment.experiment,
            "model": experiment.model,
            "track": track,
            "test": result.test["overall"],
            "test_per_class": result.test["per_class"],
            "most_confused": most_confused(
                data.labels("test"), result.probabilities.argmax(axis=1), metadata["categories"]
            ),
            "validation_best": {name.removeprefix("val/"): best[name] for name in best if name.startswith("val/")}
            | {"epoch": best["epoch"]},
            "epochs": len(result.history),
            "ended_by": ended_by(result.history, experiment.trainer),
            "seconds": result.seconds,
            "data": metadata,
            "versions": versions(track),
        },
    )


def summarise_trial(
    run: Run, experiment: Experiment, track: str, metadata: dict[str, Any], history: list[Row], swept: dict[str, Any]
) -> None:
    """For a sweep's trial, which is not tested: its settings and best validation, for the table of hyperparameters."""
    with EventWriter(run.folder) as events:
        write_trial_settings(events, experiment, track, metadata["source"], swept)
        events.scalars(results_of(history), int(history[-1]["step"]))


def versions(track: str) -> dict[str, str]:
    """Versions of what the numbers depend on."""
    packages = ["numpy", "scikit-learn"] + (["torch", "lightning", "torchmetrics"] if track == "lightning" else [])
    return {"python": platform.python_version(), "platform": platform.platform()} | {
        name: version(name) for name in packages
    }


def _write_events(
    run: Run,
    experiment: Experiment,
    track: str,
    metadata: dict[str, Any],
    result: TrainingResult,
    drawing: SecondProcess | None,
) -> None:
    step, name = int(result.history[-1]["step"]), run.experiment_name
    files = read_results(run)
    if drawing:
        drawing.begin(files)
    with EventWriter(run.folder) as events:
        if not (run.folder / "trial.json").is_file():  # a trial's settings are there already
            write_settings(events, experiment, track, metadata["source"])
        events.scalars(results_of(result.history, result.test["overall"]), step)
        write_charts(events, name, result.history)
        _write_difference(events, run, experiment, track, result.history)
        events.text("config", f"**{metadata['description']}**\n\n```yaml\n{to_yaml(experiment)}```")
        for c, category in enumerate(files.categories):
            events.pr_curve(f"test/pr_curve/{category}", files.labels == c, files.probabilities[:, c], step)
        if experiment.figures:
            write_projector(run, files)
            _write_figures(events, run, drawing.finish(files) if drawing else draw_here(files), step)


def _write_difference(events: EventWriter, run: Run, experiment: Experiment, track: str, history: list[Row]) -> None:
    """The second of two equal runs shows how far apart their curves are."""
    twin = find_twin(run, experiment, track)
    if twin:
        histories = {track: history, "lightning" if track == "numpy" else "numpy": twin.read_history()}
        write_difference(events, run.experiment_name, histories["numpy"], histories["lightning"])


def _write_figures(events: EventWriter, run: Run, drawn: Drawn, step: int) -> None:
    for name, (png, _) in drawn.items():
        with atomic_write(run.folder / "figures" / f"{name}.png") as file:
            file.write(png)
    for number, name in enumerate((name for name in FIGURES if name in drawn), start=1):
        events.image(f"figures/{number}_{name}", *drawn[name], step)
