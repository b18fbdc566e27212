"""Check 4: two finished runs side by side: metrics, predictions, curves, time.

McNemar's test (McNemar 1947; the exact form) asks whether one of two classifiers is better on the same drawings: of
those that just one of them got right, each should have about half. p is the chance of a split at least so uneven.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from experiment.errors import UserError
from experiment.run import Row, Run


@dataclass(frozen=True)
class FinishedRun:
    """What a finished run left."""

    folder: Path
    metrics: dict[str, Any]
    history: list[Row]
    labels: np.ndarray
    guesses: np.ndarray
    probabilities: np.ndarray

    @property
    def name(self) -> str:
        """Track and run, for tables and legends."""
        return f"{self.metrics['track']} {self.folder.name}"


@dataclass(frozen=True)
class Finished:
    """The outcome of check 4."""

    one: FinishedRun
    other: FinishedRun
    same_drawings: bool
    agreement: float
    """Share of the test drawings that both name alike."""
    only_one: int
    """Drawings that only the first run got right."""
    only_other: int
    p_value: float
    """McNemar's, exact."""
    probabilities_apart: float
    """Largest difference of any probability."""


def compare_finished(folders: tuple[Path, Path]) -> Finished:
    """Read and compare two runs' folders."""
    one, other = (read_run(folder) for folder in folders)
    if not np.array_equal(one.labels, other.labels):
        raise UserError(
            f"{one.folder} and {other.folder} were tested on different drawings; there is nothing to compare."
        )
    right, right_other = one.guesses == one.labels, other.guesses == other.labels
    only_one, only_other = int((right & ~right_other).sum()), int((~right & right_other).sum())
    torn = only_one + only_other
    return Finished(
        one,
        other,
        one.metrics["data"]["checksums"] == other.metrics["data"]["checksums"],
        float((one.guesses == other.guesses).mean()),
        only_one,
        only_other,
        float(binomtest(only_one, torn).pvalue) if torn else 1.0,
        float(np.abs(one.probabilities - other.probabilities).max()),
    )


def read_run(folder: Path) -> FinishedRun:
    """Read a finished run; an unfinished or damaged one is a `UserError`."""
    if not (folder / "metrics.json").is_file():
        raise UserError(f"{folder}: not the folder of a finished run (it has no metrics.json).")
    run = Run(folder)
    metrics = run.read_json("metrics.json", "track", "test", "epochs", "seconds", "data")
    try:
        with np.load(folder / "predictions.npz", allow_pickle=False) as file:
            labels, probabilities = file["labels"], file["probabilities"]
        history = run.read_history(metrics["epochs"])
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise UserError(f"{folder}: predictions.npz or history.csv is missing or damaged.") from error
    return FinishedRun(folder, metrics, history, labels, probabilities.argmax(axis=1), probabilities)
