"""Figures of a finished run, by matplotlib; the same for both tracks. Each title names the data.

Colours: Okabe and Ito's eight, which colour-blind readers can tell apart, and viridis-like maps.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from cycler import cycler
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiment.run import Row

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
STYLE: Any = {
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 10,
    "axes.titlesize": 11,
    "figure.dpi": 110,
}
LABELLED = 12
"""Up to so many categories are named one by one."""


@dataclass(frozen=True)
class Results:
    """What the figures are drawn from."""

    heading: str
    """Experiment, track and data, for every title."""
    categories: list[str]
    labels: np.ndarray
    """(N,) of the test."""
    probabilities: np.ndarray
    """(N, C) of the test."""
    images: np.ndarray
    """(N, 28, 28) uint8 of the test."""
    history: list[Row]


def draw_all(results: Results) -> dict[str, tuple[bytes, tuple[int, int]]]:
    """Every figure by name, as PNG bytes and (width, height)."""
    figures: dict[str, Callable[[Results], Figure]] = {
        "curves": curves,
        "confusion_matrix": confusion_matrix,
        "roc_curves": roc_curves,
        "pr_curves": pr_curves,
        "predictions": predictions,
    }
    with rc_context(STYLE):
        return {name: to_png(draw(results)) for name, draw in figures.items()}


def curves(results: Results) -> Figure:
    """Loss and accuracy by epoch, of training and validation."""
    figure, axes = _figure(results, "Learning curves", 1, 2, (9, 4))
    epochs = [row["epoch"] for row in results.history]
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        for split, marker in (("train", "o"), ("val", "s")):
            values = [row[f"{split}/{name}"] for row in results.history]
            axis.plot(epochs, values, marker=marker, markersize=3.5, label={"val": "validation"}.get(split, split))
        axis.set(xlabel="epoch", ylabel=name)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.legend()
    return figure


def confusion_matrix(results: Results) -> Figure:
    """How many drawings of each category were taken for which."""
    from sklearn.metrics import confusion_matrix as count

    names, predicted = results.categories, results.probabilities.argmax(axis=1)
    table = count(results.labels, predicted, labels=np.arange(len(names)))
    side = min(12.0, 3.4 + 0.55 * len(names))
    figure, (axis,) = _figure(results, "Confusion matrix (test)", 1, 1, (side + 1, side))
    share = table / np.maximum(1, table.sum(axis=1, keepdims=True))
    picture = axis.imshow(share, cmap="cividis", vmin=0, vmax=1)
    figure.colorbar(picture, ax=axis, fraction=0.046, label="share of the true category")
    axis.grid(False)
    axis.set(xlabel="predicted", ylabel="true")
    if len(names) <= LABELLED:
        axis.set_xticks(range(len(names)), names, rotation=40, ha="right")
        axis.set_yticks(range(len(names)), names)
        for row, column in np.ndindex(*table.shape):
            colour = "black" if share[row, column] > 0.6 else "white"
            axis.text(column, row, str(table[row, column]), ha="center", va="center", color=colour)
    return figure


def roc_curves(results: Results) -> Figure:
    """True against false positive rate, one category against the rest."""
    from sklearn.metrics import auc, roc_curve

    figure, (axis,) = _figure(results, "ROC curves (test, one against the rest)", 1, 1, (6, 5.4))
    axis.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    for c, name in _few(results.categories):
        false_positive, true_positive, _ = roc_curve(results.labels == c, results.probabilities[:, c])
        axis.plot(false_positive, true_positive, label=f"{name} (area {auc(false_positive, true_positive):.3f})")
    axis.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(-0.01, 1), ylim=(0, 1.01))
    axis.legend(loc="lower right")
    return figure


def pr_curves(results: Results) -> Figure:
    """Precision against recall, one category against the rest."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    figure, (axis,) = _figure(results, "Precision-recall curves (test, one against the rest)", 1, 1, (6, 5.4))
    for c, name in _few(results.categories):
        is_class, probability = results.labels == c, results.probabilities[:, c]
        precision, recall, _ = precision_recall_curve(is_class, probability)
        area = average_precision_score(is_class, probability)
        axis.step(recall, precision, where="post", label=f"{name} (area {area:.3f})")
    axis.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01))
    axis.legend(loc="lower left")
    return figure


def predictions(results: Results, columns: int = 8) -> Figure:
    """Two rows of test drawings that were recognised, and two of the most confident mistakes."""
    predicted = results.probabilities.argmax(axis=1)
    confidence = results.probabilities.max(axis=1)
    right, wrong = (np.flatnonzero(where) for where in (predicted == results.labels, predicted != results.labels))
    right = right[np.linspace(0, len(right) - 1, 2 * columns).astype(int)] if len(right) else right
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][: 2 * columns]
    figure, axes = _figure(
        results, "Right (above) and most confidently wrong (below) predictions (test)", 4, columns, (11, 7)
    )
    for axis in axes:
        axis.axis("off")
    for first, rows in ((0, right), (2 * columns, wrong)):
        for axis, row in zip(axes[first:], rows, strict=False):
            axis.imshow(255 - results.images[row], cmap="gray", vmin=0, vmax=255)
            guess, truth = (results.categories[label] for label in (predicted[row], results.labels[row]))
            hit = guess == truth
            text = f"{guess} {confidence[row]:.0%}" if hit else f"{guess} {confidence[row]:.0%}\nis {truth}"
            axis.set_title(text, fontsize=8, color="black" if hit else COLOURS[5])
    return figure


def _few(categories: list[str]) -> list[tuple[int, str]]:
    return list(enumerate(categories))[:LABELLED]


def _figure(
    results: Results, title: str, rows: int, columns: int, size: tuple[float, float]
) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.suptitle(f"{title}\n{results.heading}", fontsize=11)
    return figure, list(axes.flat)


def to_png(figure: Figure) -> tuple[bytes, tuple[int, int]]:
    """A figure as PNG bytes, and its (width, height) in pixels."""
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    png = file.getvalue()
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))  # the IHDR chunk
    return png, (width, height)
