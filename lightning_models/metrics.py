"""Test metrics by torchmetrics, in the schema of `experiment/metrics.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    MulticlassAUROC,
    MulticlassAveragePrecision,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)
from torchmetrics.functional.classification import multiclass_accuracy

from experiment.metrics import MANY, summarise


def test_metrics(probabilities: torch.Tensor, labels: torch.Tensor, categories: list[str]) -> dict[str, Any]:
    """Metrics of `probabilities` (N, C) against `labels` (N,): {"overall": {...}, "per_class": {...}}."""
    options: dict[str, Any] = {"num_classes": len(categories), "average": "none"}
    collection = MetricCollection(
        {
            "precision": MulticlassPrecision(**options),
            "recall": MulticlassRecall(**options),
            "f1": MulticlassF1Score(**options),
            "roc_auc": MulticlassAUROC(**options),
            "pr_auc": MulticlassAveragePrecision(**options),
        }
    )
    per_class = {name: value.double().numpy() for name, value in collection(probabilities, labels).items()}
    among = [
        float(multiclass_accuracy(probabilities, labels, num_classes=len(categories), average="micro", top_k=k))
        for k in ((1, 2, 3) if len(categories) >= MANY else (1,))
    ]
    support = np.bincount(labels.numpy(), minlength=len(categories))
    return summarise(among, per_class, support, categories)


test_metrics.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test, in spite of the name
