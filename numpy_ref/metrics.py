"""Test metrics by scikit-learn. The twin of lightning_models/metrics.py; definitions in `experiment/metrics.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiment.metrics import MANY, summarise


def compute_test_metrics(labels: np.ndarray, probabilities: np.ndarray, categories: list[str]) -> dict[str, Any]:
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
