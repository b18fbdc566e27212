"""scikit-learn's metrics in the NumPy track and torchmetrics' in the Lightning track are the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from experiment.metrics import most_confused, rates_by_threshold
from lightning_models.metrics import compute_test_metrics as metrics_by_torch
from numpy_ref.metrics import compute_test_metrics as metrics_by_sklearn
from visualization.tensorboard import pr_curve_table


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("count", "classes"), [(40, 2), (500, 5), (3000, 40)])
def test_torchmetrics_agrees(count: int, classes: int, dtype: type) -> None:
    random = np.random.default_rng(classes)
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, count - classes)])
    scores = random.normal(size=(count, classes)) + 1.5 * (labels[:, None] == np.arange(classes))
    probabilities = (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).astype(dtype)
    names = [f"class {c}" for c in range(classes)]
    ours = metrics_by_sklearn(labels, probabilities, names)
    theirs = metrics_by_torch(torch.from_numpy(labels), torch.from_numpy(probabilities), names)
    assert ours["overall"].keys() == theirs["overall"].keys()
    for name, value in ours["overall"].items():
        assert value == pytest.approx(theirs["overall"][name], abs=1e-14), name
    for category in names:
        assert ours["per_class"][category] == pytest.approx(theirs["per_class"][category], abs=1e-14)


def test_areas_in_figures_are_those_of_the_metrics() -> None:
    random = np.random.default_rng(0)
    is_class, probabilities = random.random(400) < 0.3, np.round(random.random(400), 2)  # many are equal
    recall, false_positive, precision = rates_by_threshold(is_class, probabilities)
    under_roc = np.trapezoid(np.append(0, recall), np.append(0, false_positive))
    assert under_roc == pytest.approx(roc_auc_score(is_class, probabilities), abs=1e-14)
    under_pr = np.diff(recall, prepend=0) @ precision
    assert under_pr == pytest.approx(average_precision_score(is_class, probabilities), abs=1e-14)


def test_metrics_by_hand() -> None:
    # Four drawings, two classes. Class 1 has probabilities 0.9, 0.6 (true) and 0.7, 0.2 (false): at 1/2 the
    # predictions are 1, 1, 1, 0, so accuracy 3/4, precision 2/3, recall 1. Of the 4 pairs (true, false) 3 are in the
    # right order: ROC AUC 3/4. By falling probability the hits are yes, no, yes: PR AUC = (1/1 + 2/3) / 2 = 5/6.
    positive = np.array([0.9, 0.6, 0.7, 0.2])
    metrics = metrics_by_sklearn(np.array([1, 1, 0, 0]), np.stack([1 - positive, positive], axis=1), ["no", "yes"])
    assert metrics["overall"]["accuracy"] == 0.75
    row = metrics["per_class"]["yes"]
    assert row == pytest.approx(
        {"precision": 2 / 3, "recall": 1, "f1": 0.8, "roc_auc": 0.75, "pr_auc": 5 / 6, "support": 2}
    )


def test_first_three_places_by_hand() -> None:
    # Of four drawings the category is in the first, second, third and fourth place: among the first three are 3/4,
    # and MAP@3 = (1 + 1/2 + 1/3 + 0) / 4.
    labels = np.array([19, 18, 17, 16, *range(20)])
    probabilities = np.concatenate([np.tile(np.arange(20.0), (4, 1)), np.eye(20)])
    overall = metrics_by_sklearn(labels, probabilities, [f"class {c}" for c in range(20)])["overall"]
    assert overall["top_3_accuracy"] == pytest.approx((3 + 20) / 24)
    assert overall["map_at_3"] == pytest.approx((1 + 1 / 2 + 1 / 3 + 20) / 24)


def test_confused_pairs_by_hand() -> None:
    # Cats (4 drawings) are taken for dogs once, dogs (2) for cats twice: 3 of the 6 drawings of both.
    labels, predictions = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 1, 0, 0, 0, 0, 2])
    assert most_confused(labels, predictions, ["cat", "dog", "sun"]) == [{"pair": ["cat", "dog"], "share": 0.5}]


def test_pr_curve_table_counts() -> None:
    table = pr_curve_table(np.array([True, True, False, False]), np.array([0.9, 0.6, 0.7, 0.2]))
    at_half = table[:, 50]  # threshold 0.5
    np.testing.assert_allclose(at_half, [2, 1, 1, 0, 2 / 3, 1])
    np.testing.assert_allclose(table[:4].sum(axis=0), 4)
