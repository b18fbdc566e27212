"""Test metrics in the schema that both tracks write to `metrics.json`.

The NumPy track computes them with scikit-learn (`numpy_ref/metrics.py`), the Lightning track with torchmetrics
(`lightning_models/metrics.py`); a test shows that the two agree. Definitions: one class against the rest; `macro` is
the plain mean over classes, `weighted` the mean weighted by each class's number of drawings; a precision without any
prediction counts as 0; PR AUC is the average precision, the sum of (recall step x precision). With MANY categories and
more there are also the share of drawings whose category is among the three most probable, and MAP@3: the mean of 1, 1/2
or 1/3 where the true category is ranked first, second or third, and 0 otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MANY = 20
"""Number of categories from which on the top three count too, and the pairs most often confused are listed."""
AVERAGED = ("precision", "recall", "f1", "roc_auc", "pr_auc")
"""Metrics that exist per class and as `_macro` and `_weighted` averages."""


def most_confused(
    labels: np.ndarray, predictions: np.ndarray, categories: list[str], count: int = 20
) -> list[dict[str, Any]]:
    """The pairs of categories that are most often taken for each other, as a share of the drawings of both."""
    size = len(categories)
    table = confusion_matrix(labels, predictions, size)
    drawings = table.sum(axis=1)
    mixed = np.triu(table + table.T, k=1) / np.maximum(1, drawings[:, None] + drawings)
    worst = [divmod(int(index), size) for index in np.argsort(-mixed, axis=None, kind="stable")[:count]]
    return [{"pair": [categories[a], categories[b]], "share": float(mixed[a, b])} for a, b in worst if mixed[a, b] > 0]


def confusion_matrix(labels: np.ndarray, predictions: np.ndarray, size: int) -> np.ndarray:
    """(size, size): how many drawings of each category were predicted as which."""
    return np.bincount(labels * size + predictions, minlength=size * size).reshape(size, size)


def rates_by_threshold(is_class: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recall, false positive rate and precision (T,), each distinct probability being the threshold, from the largest.

    For figures: the metrics of both tracks come from libraries.
    """
    order = np.argsort(-probabilities, kind="stable")
    last = np.flatnonzero(np.diff(probabilities[order], append=-1))  # of several equal probabilities
    true = np.cumsum(is_class[order])[last]
    named = last + 1
    with np.errstate(invalid="ignore"):  # a class without drawings has no rates: NaN
        return true / is_class.sum(), (named - true) / (~is_class).sum(), true / named


@dataclass(frozen=True)
class Calibration:
    """Predictions sorted by their confidence into bins of equal width; numbers of empty bins are 0."""

    counts: np.ndarray
    confidence: np.ndarray
    """Mean confidence in each bin."""
    accuracy: np.ndarray
    """Share of right predictions in each bin."""

    @property
    def error(self) -> float:
        """Expected calibration error: mean |accuracy - confidence| over all predictions (Guo et al. 2017, eq. 3)."""
        return float(np.average(np.abs(self.accuracy - self.confidence), weights=self.counts))


def calibration(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> Calibration:
    """How far `probabilities` (N, C) can be trusted; a prediction's confidence is its largest probability."""
    confidence, right = probabilities.max(axis=1).astype(np.float64), probabilities.argmax(axis=1) == labels
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(bin_of, minlength=bins)
    sums = [np.bincount(bin_of, weights=values, minlength=bins) for values in (confidence, right)]
    return Calibration(counts, *(total / np.maximum(1, counts) for total in sums))


def summarise(
    among: list[float], per_class: dict[str, np.ndarray], support: np.ndarray, categories: list[str]
) -> dict[str, Any]:
    """Averages over classes, from each metric's values per class (C,) and each class's drawings (C,).

    `among` has the shares of drawings whose class is the most probable, among the first two, among the first three.
    """
    overall = {"accuracy": among[0]}
    if len(among) == 3:
        first, two, three = among
        overall |= {"top_3_accuracy": three, "map_at_3": first + (two - first) / 2 + (three - two) / 3}
    for name in AVERAGED:
        overall[f"{name}_macro"] = float(per_class[name].mean())
        overall[f"{name}_weighted"] = float(np.average(per_class[name], weights=support))
    rows = {
        category: {name: float(per_class[name][c]) for name in AVERAGED} | {"support": int(support[c])}
        for c, category in enumerate(categories)
    }
    return {"overall": overall, "per_class": rows}
