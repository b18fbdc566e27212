"""Test metrics by scikit-learn, in the schema that both tracks write to `metrics.json`.

The Lightning track computes the same dictionary with torchmetrics (`lightning_models/metrics.py`);
a test shows that the two agree to 1e-6. Definitions: one class against the rest; `macro` is the plain mean
over classes, `weighted` the mean weighted by each class's number of drawings; a precision without any
prediction counts as 0; PR AUC is the average precision, the sum of (recall step x precision). With MANY categories and
more there are also the share of drawings whose category is among the three most probable, and MAP@3: the mean of 1, 1/2
or 1/3 for a category in the first, second or third place, and 0 otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MANY = 20
"""From so many categories on, the first three places count too, and the pairs most often confused are listed."""
AVERAGED = ("precision", "recall", "f1", "roc_auc", "pr_auc")
"""Metrics that exist per class and as `_macro` and `_weighted` averages."""


def test_metrics(labels: np.ndarray, probabilities: np.ndarray, categories: list[str]) -> dict[str, Any]:
    """Metrics of `probabilities` (N, C) against `labels` (N,): {"overall": {...}, "per_class": {...}}."""
    from sklearn.metrics import (
        average_precision_score,
        precision_recall_fscore_support,
        roc_auc_score,
        top_k_accuracy_score,
    )

    predicted = probabilities.argmax(axis=1)
    classes = np.arange(len(categories))
    precision, recall, f1, _ = precision_recall_fscore_support(labels, predicted, labels=classes, zero_division=0)
    is_class = labels[:, None] == classes
    per_class = {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "roc_auc": np.array([roc_auc_score(is_class[:, c], probabilities[:, c]) for c in classes]),
        "pr_auc": np.array([average_precision_score(is_class[:, c], probabilities[:, c]) for c in classes]),
    }
    among = [float((predicted == labels).mean())]
    if len(categories) >= MANY:
        among += [float(top_k_accuracy_score(labels, probabilities, k=k, labels=classes)) for k in (2, 3)]
    return summarise(among, per_class, is_class.sum(axis=0), categories)


test_metrics.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test, in spite of the name


def most_confused(
    labels: np.ndarray, guesses: np.ndarray, categories: list[str], count: int = 20
) -> list[dict[str, Any]]:
    """The pairs of categories that are most often taken for each other, as a share of the drawings of both."""
    size = len(categories)
    table = np.bincount(labels * size + guesses, minlength=size * size).reshape(size, size)
    drawings = table.sum(axis=1)
    mixed = np.triu(table + table.T, k=1) / np.maximum(1, drawings[:, None] + drawings)
    worst = [divmod(int(place), size) for place in np.argsort(-mixed, axis=None, kind="stable")[:count]]
    return [{"pair": [categories[a], categories[b]], "share": float(mixed[a, b])} for a, b in worst if mixed[a, b] > 0]


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
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = [np.bincount(place, weights=values, minlength=bins) for values in (confidence, right)]
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
