"""Several runs of the same categories as one classifier: their probabilities are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiment.errors import UserError
from experiment.files import regular
from experiment.run import Run
from experiment.trained_run import Trained


def check_same_categories(runs: Sequence[Trained]) -> None:
    """Refuse runs whose probabilities are not of the same categories."""
    for other in runs[1:]:
        if other.categories != runs[0].categories:
            raise UserError(f"{other.folder}: has other categories than {runs[0].folder}; their probabilities differ.")


def average_on_test(folders: Sequence[Path]) -> tuple[list[float], float]:
    """Test accuracy of each run, and of the mean of their probabilities; a `UserError` for runs of unlike tests."""
    labels, probabilities = zip(*map(_tested, folders), strict=True)
    for folder, its_labels in zip(folders, labels, strict=True):
        if not np.array_equal(its_labels, labels[0]) or _test_of(folder) != _test_of(folders[0]):
            raise UserError(f"{folder}: was tested on other drawings than {folders[0]}; give runs of the same data.")
    means = [*probabilities, np.mean(probabilities, axis=0)]
    *each, together = (float((mean.argmax(axis=1) == labels[0]).mean()) for mean in means)
    return each, together


def _tested(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Labels (N,) and probabilities (N, C) of a run's test, float64."""
    try:
        with np.load(regular(folder / "predictions.npz"), allow_pickle=False) as file:
            return file["labels"], file["probabilities"].astype(np.float64)
    except Exception as error:
        raise UserError(f"{folder / 'predictions.npz'}: missing or damaged; this run cannot be used.") from error


def _test_of(folder: Path) -> tuple[object, ...]:
    """What tells tests apart, whatever the form of the drawings: where they come from, and how many of what."""
    metadata = Run(folder).read_json("data.json", "source", "categories", "per_category")
    return metadata["source"], metadata["categories"], metadata["per_category"]["test"]
