"""The test metrics by their definitions, in plain NumPy: a third opinion beside scikit-learn's and torchmetrics'."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiment.metrics import AVERAGED, MANY


def metrics_by_definition(labels: np.ndarray, probabilities: np.ndarray, categories: list[str]) -> dict[str, Any]:
    """The same dictionary as both tracks' `compute_test_metrics`.

    A ROC AUC is the share of pairs (one of the class, one not) that the probability orders rightly, ties counting half
    (Mann and Whitney 1947). A PR AUC is Σ (recall step x precision) over the distinct probabilities.
    """
    classes = np.arange(len(categories))
    predicted = probabilities.argmax(axis=1)
    hits = np.array([np.sum((predicted == c) & (labels == c)) for c in classes], np.float64)
    support = np.array([np.sum(labels == c) for c in classes])
    named = np.array([np.sum(predicted == c) for c in classes])
    precision = np.divide(hits, named, out=np.zeros(len(classes)), where=named > 0)
    recall = np.divide(hits, support, out=np.zeros(len(classes)), where=support > 0)
    total = precision + recall
    per_class = {
        "precision": precision,
        "recall": recall,
        "f1": np.divide(2 * precision * recall, total, out=np.zeros(len(classes)), where=total > 0),
        "roc_auc": np.array([_roc_auc(labels == c, probabilities[:, c]) for c in classes]),
        "pr_auc": np.array([_pr_auc(labels == c, probabilities[:, c]) for c in classes]),
    }
    among = [float((predicted == labels).mean())]
    if len(categories) >= MANY:
        among += [_top(labels, probabilities, k) for k in (2, 3)]
    return {"overall": _overall(among, per_class, support), "per_class": _rows(per_class, categories)}


def probabilities_by_definition(scores: np.ndarray, independent: bool) -> np.ndarray:
    """Softmax of the scores, or for `independent` categories the sigmoid of each, in float64."""
    scores = np.asarray(scores, np.float64)
    if independent:
        return np.asarray(0.5 * (1 + np.tanh(scores / 2)))
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _overall(among: list[float], per_class: dict[str, np.ndarray], support: np.ndarray) -> dict[str, float]:
    """Accuracy, the first three places, and the plain and the weighted mean of each metric over classes."""
    overall = {"accuracy": among[0]}
    if len(among) > 1:
        first, second, third = among[0], among[1] - among[0], among[2] - among[1]
        overall |= {"top_3_accuracy": among[2], "map_at_3": first + second / 2 + third / 3}
    for name in AVERAGED:
        values = per_class[name]
        overall[f"{name}_macro"] = float(values.sum() / len(values))
        overall[f"{name}_weighted"] = float((values * support).sum() / support.sum())
    return overall


def _rows(per_class: dict[str, np.ndarray], categories: list[str]) -> dict[str, dict[str, float]]:
    return {name: {key: float(per_class[key][c]) for key in AVERAGED} for c, name in enumerate(categories)}


def ties_in_top(labels: np.ndarray, probabilities: np.ndarray) -> bool:
    """Whether a label's probability equals another class's, so that libraries may order the two either way."""
    own = probabilities[np.arange(len(labels)), labels][:, None]
    return bool(((probabilities == own).sum(axis=1) > 1).any())


def _top(labels: np.ndarray, probabilities: np.ndarray, k: int) -> float:
    own = probabilities[np.arange(len(labels)), labels][:, None]
    return float(((probabilities > own).sum(axis=1) < k).mean())


def _roc_auc(is_class: np.ndarray, scores: np.ndarray) -> float:
    positive, negative = np.sort(scores[is_class]), np.sort(scores[~is_class])
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.searchsorted(negative, positive, "left").sum()
    equal = np.searchsorted(negative, positive, "right").sum() - below
    return float((below + equal / 2) / (len(positive) * len(negative)))


def _pr_auc(is_class: np.ndarray, scores: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found = np.cumsum(is_class[order])[ends]
    if not found[-1]:
        return 0.0
    precision, recall = found / (ends + 1), found / found[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))
