"""Metrics by torchmetrics. The twin of numpy_ref/metrics.py; definitions in `experiment/metrics.py`.

torchmetrics divides whole numbers in float32. Here its counts are float64, and so are its ROC and precision-recall
curves, which it computes in torch's default dtype. So the metrics are as exact as the NumPy track's for
networks of either dtype.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassAveragePrecision,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)
from torchmetrics.utilities import dim_zero_cat

from experiment.metrics import MANY, summarise


def compute_test_metrics(labels: torch.Tensor, probabilities: torch.Tensor, categories: list[str]) -> dict[str, Any]:
    """Metrics of `probabilities` (N, C) against `labels` (N,): {"overall": {...}, "per_class": {...}}."""
    count = len(categories)
    per_class = MetricCollection(
        {
            "precision": MulticlassPrecision(count, average="none"),
            "recall": MulticlassRecall(count, average="none"),
            "f1": MulticlassF1Score(count, average="none"),
            "roc_auc": MulticlassAUROC(count, average="none"),
            "pr_auc": MulticlassAveragePrecision(count, average="none"),
        }
    ).set_dtype(torch.float64)
    among = [
        MulticlassAccuracy(count, top_k=k, average="micro").set_dtype(torch.float64)
        for k in ((1, 2, 3) if count >= MANY else (1,))
    ]
    with default_dtype(torch.float64):
        values = {name: value.numpy() for name, value in per_class(probabilities, labels).items()}
        shares = [float(metric(probabilities, labels)) for metric in among]
    return summarise(shares, values, np.bincount(labels.numpy(), minlength=count), categories)


class WeightedMean(Metric):
    """The weighted mean of all values since the last reset, over all processes, in float64.

    torchmetrics' own MeanMetric goes back to float32 as soon as a model is moved with `.to`.
    """

    values: list[torch.Tensor]
    weights: list[torch.Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("values", [], dist_reduce_fx="cat")
        self.add_state("weights", [], dist_reduce_fx="cat")

    def update(self, values: torch.Tensor, weights: torch.Tensor) -> None:
        """Take `values` (N,) and their `weights` (N,)."""
        self.values.append(values)
        self.weights.append(weights)

    def compute(self) -> torch.Tensor:
        """Σ weight * value / Σ weight, on the CPU: not every device has float64."""
        values, weights = (dim_zero_cat(state).cpu().double() for state in (self.values, self.weights))
        return (values * weights).sum() / weights.sum()


def mean_metrics(names: Iterable[str], prefix: str) -> MetricCollection:
    """A weighted mean for each of `names`, logged as `prefix` + name."""
    return MetricCollection({name: WeightedMean() for name in names}, prefix=prefix, compute_groups=False)


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Within the block torch makes floating-point tensors of `dtype`."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
