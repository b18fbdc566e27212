"""What is done after training, for either track: test metrics, predictions, figures and TensorBoard's summary."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np

from experiment.commandline import flat_fields, to_yaml
from experiment.config import Experiment
from experiment.figures import draw_all
from experiment.figures.results import read_results
from experiment.files import written_whole
from experiment.history import best_row, ended_by
from experiment.metrics import most_confused
from experiment.projector import write_projector
from experiment.run import SCHEMA, Row, Run
from experiment.tensorboard import EventWriter


@dataclass(frozen=True)
class Outcome:
    """What a track's `train` returns, tested with the best weights."""

    history: list[Row]
    seconds: float
    """Training and validation of the epochs in this process, without start-up, test and figures."""
    scores: np.ndarray
    """(N, C) of the test: logits, or similarities for the dual tower."""
    probabilities: np.ndarray
    """(N, C) of the test."""
    test: dict[str, Any]
    """`overall` and `per_class`, as `experiment.metrics.test_metrics` returns them."""
    inside: dict[str, np.ndarray]
    """What the network makes of the example images: arrays of `examples.npz`."""


class Tested(Protocol):
    """What is needed of a data module to show what a network makes of its images."""

    def images(self, split: Any, places: Any = None) -> np.ndarray: ...

    def labels(self, split: Any) -> np.ndarray: ...

    def example_rows(self) -> np.ndarray: ...

    def mapped_rows(self) -> np.ndarray: ...


def save_results(
    run: Run, experiment: Experiment, track: str, data: Tested, facts: dict[str, Any], outcome: Outcome
) -> None:
    """Leave predictions, examples, figures, TensorBoard's summary and, last, `metrics.json` in the run's folder."""
    extra = {"similarities": outcome.scores} if experiment.model == "dual_tower" else {}
    run.write_arrays("predictions.npz", labels=data.labels("test"), probabilities=outcome.probabilities, **extra)
    rows, mapped = data.example_rows(), data.mapped_rows()
    shown = {"rows": rows, "images": data.images("test", rows), "mapped_rows": mapped}
    shown |= {"mapped_images": data.images("test", mapped)}
    run.write_arrays("examples.npz", **shown, **outcome.inside)
    _summarise(run, experiment, track, facts, outcome)
    best = best_row(outcome.history)
    run.write_json(
        "metrics.json",
        {
            "schema": SCHEMA,
            "experiment": experiment.experiment,
            "model": experiment.model,
            "track": track,
            "test": outcome.test["overall"],
            "test_per_class": outcome.test["per_class"],
            "most_confused": most_confused(
                data.labels("test"), outcome.probabilities.argmax(axis=1), facts["categories"]
            ),
            "validation_best": {name.removeprefix("val/"): best[name] for name in best if name.startswith("val/")}
            | {"epoch": best["epoch"]},
            "epochs": len(outcome.history),
            "ended_by": ended_by(outcome.history, experiment.trainer),
            "seconds": outcome.seconds,
            "data": facts,
            "versions": versions(track),
        },
    )


def summarise_trial(run: Run, experiment: Experiment, track: str, facts: dict[str, Any], best: Row) -> None:
    """For a sweep's trial, which is not tested: its settings and best validation, for TensorBoard's HParams page."""
    metrics = {f"best/{name.replace('/', '_')}": best[name] for name in ("val/loss", "val/accuracy")}
    with EventWriter(run.folder) as events:
        events.hparams(_settings(experiment, track, facts), metrics, int(best["step"]))


def versions(track: str) -> dict[str, str]:
    """Versions of what the numbers depend on."""
    packages = ["numpy", "scikit-learn"] + (["torch", "lightning", "torchmetrics"] if track == "lightning" else [])
    return {"python": platform.python_version(), "platform": platform.platform()} | {
        name: version(name) for name in packages
    }


def charts(history: list[Row]) -> dict[str, dict[str, list[str]]]:
    """The custom-scalars page: training and validation of one quantity in one chart."""
    names = [tag.removeprefix("train/") for tag in history[0] if tag.startswith("train/")]
    return {"training and validation": {name: [f"train/{name}$", f"val/{name}$"] for name in names}}


def _summarise(run: Run, experiment: Experiment, track: str, facts: dict[str, Any], outcome: Outcome) -> None:
    step = int(outcome.history[-1]["step"])
    overall = {f"test/{name}": value for name, value in outcome.test["overall"].items()}
    settings = _settings(experiment, track, facts)
    results = read_results(run)
    with EventWriter(run.folder) as events:
        events.hparams(settings, overall, step)
        events.layout(charts(outcome.history))
        events.text("config", f"**{facts['description']}**\n\n```yaml\n{to_yaml(experiment)}```")
        for c, category in enumerate(results.categories):
            events.pr_curve(f"test/pr_curve/{category}", results.labels == c, results.probabilities[:, c], step)
        if not experiment.figures:
            return
        for name, (png, size) in draw_all(results).items():
            events.image(f"figures/{name}", png, size, step)
            with written_whole(run.folder / "figures" / f"{name}.png") as file:
                file.write(png)
    write_projector(run, results)


def _settings(experiment: Experiment, track: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The fields that bear on this run's result, for TensorBoard's table of hyperparameters."""
    fields = asdict(experiment)
    chosen = {name: fields[name] for name in ("experiment", "seed", "model", experiment.model, "optimizer", "trainer")}
    augmentation = {name: value for name, value in fields["data"]["augmentation"].items() if value}
    data = {"batch_size": experiment.data.batch_size} | ({"augmentation": augmentation} if augmentation else {})
    return flat_fields(chosen | {"data": data}) | {"track": track, "data.source": facts["source"]}
