"""Two finished runs side by side: settings, data, predictions, metrics, curves.

McNemar's test (McNemar 1947; the exact form) asks whether one of two classifiers is better on the same images: of
those that just one of them got right, each should have about half. p is the probability of a split at least as uneven.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from experiment.commandline import flat_fields, from_yaml
from experiment.errors import UserError
from experiment.files import regular
from experiment.run import MAY_CHANGE_ON_RESUME, Row, Run
from numpy_ref.metrics import compute_test_metrics

SAME = {"float64": 1e-9, "float32": 1e-4}
"""Probabilities of the same training differ by no more, if rounding is not amplified."""
METRICS = 1e-5


@dataclass(frozen=True)
class FinishedRun:
    """What a finished run left."""

    folder: Path
    metrics: dict[str, Any]
    history: list[Row]
    labels: np.ndarray
    predictions: np.ndarray
    probabilities: np.ndarray

    @property
    def name(self) -> str:
        """Track and run, for tables and legends."""
        return f"{self.metrics['track']} {self.folder.name}"


@dataclass(frozen=True)
class Finished:
    """Two finished runs compared."""

    one: FinishedRun
    other: FinishedRun
    same_images: bool
    other_settings: list[str]
    """Fields of the config that differ and decide what is learned."""
    wrong_metrics: list[str]
    """Test metrics that do not follow from the run's own predictions."""
    agreement: float
    """Share of the test images for which both predict the same."""
    only_one: int
    """Images that only the first run got right."""
    only_other: int
    p_value: float
    """McNemar's, exact."""
    probabilities_apart: float
    """Largest difference of any probability."""

    @property
    def dtype(self) -> str:
        """Of the first run."""
        return str(self.one.probabilities.dtype)

    @property
    def limited(self) -> bool:
        """Two float32 trainings may part by rounding: whether that is all that differs."""
        return self.dtype == "float32" and self.probabilities_apart > SAME["float32"]

    @property
    def same(self) -> bool:
        """Whether the runs have the same settings and data, sound metrics, and predictions that rounding explains."""
        near = self.probabilities_apart <= SAME[self.dtype] or self.limited
        return bool(self.same_images and not self.other_settings and not self.wrong_metrics and near)


def compare_finished(folders: tuple[Path, Path]) -> Finished:
    """Read and compare two runs' folders."""
    one, other = (read_run(folder) for folder in folders)
    if not np.array_equal(one.labels, other.labels):
        raise UserError(
            f"{one.folder} and {other.folder} were tested on different drawings; there is nothing to compare."
        )
    right, right_other = one.predictions == one.labels, other.predictions == other.labels
    only_one, only_other = int((right & ~right_other).sum()), int((~right & right_other).sum())
    torn = only_one + only_other
    return Finished(
        one,
        other,
        one.metrics["data"]["checksums"] == other.metrics["data"]["checksums"],
        _other_settings(one.folder, other.folder),
        [name for run in (one, other) for name in _wrong_metrics(run)],
        float((one.predictions == other.predictions).mean()),
        only_one,
        only_other,
        float(binomtest(only_one, torn).pvalue) if torn else 1.0,
        float(np.abs(one.probabilities - other.probabilities).max()),
    )


def _other_settings(one: Path, other: Path) -> list[str]:
    """What differs in the two configs, but for names and places."""
    fields = [flat_fields(asdict(from_yaml(folder / "config.yaml"))) for folder in (one, other)]
    elsewhere = MAY_CHANGE_ON_RESUME - {"trainer.max_epochs"} | {"figures", "experiment"}
    return [name for name in fields[0] if fields[0][name] != fields[1][name] and name not in elsewhere]


def _wrong_metrics(run: FinishedRun) -> list[str]:
    """Metrics in `metrics.json` that are not those of the run's predictions."""
    categories = run.metrics["data"]["categories"]
    expected = compute_test_metrics(run.labels, run.probabilities, categories)["overall"]
    found = run.metrics["test"]
    wrong = [name for name in expected if not abs(found.get(name, float("inf")) - expected[name]) <= METRICS]
    return [f"{name} of {run.name}" for name in wrong]


def read_run(folder: Path) -> FinishedRun:
    """Read a finished run; an unfinished or damaged one is a `UserError`."""
    if not (folder / "metrics.json").is_file():
        raise UserError(f"{folder}: not the folder of a finished run (it has no metrics.json).")
    run = Run(folder)
    metrics = run.read_json("metrics.json", "track", "test", "epochs", "seconds", "data")
    try:
        with np.load(regular(folder / "predictions.npz"), allow_pickle=False) as file:
            labels, probabilities = file["labels"], file["probabilities"]
        history = run.read_history(metrics["epochs"])
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise UserError(f"{folder}: predictions.npz or history.csv is missing or damaged.") from error
    return FinishedRun(folder, metrics, history, labels, probabilities.argmax(axis=1), probabilities)
