"""Figures of how well the test images are told apart, and how reliable the probabilities are."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiment.metrics import MANY, calibration, most_confused, rates_by_threshold
from experiment.metrics import confusion_matrix as count
from visualization.figures.style import COLOURS, LABELLED, few, new_figure, of_all
from visualization.run_data import Results


def confusion_matrix(results: Results) -> Figure:
    """How many images of each category were predicted as which."""
    names = results.categories
    table = count(results.labels, results.predictions, len(names))
    side = min(12.0, 3.4 + 0.55 * len(names))
    figure, (axis,) = new_figure(results, "Confusion matrix (test)", 1, 1, (side + 1, side))
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


def confused_pairs(results: Results) -> Figure | None:
    """The pairs of categories most often confused; None where the confusion matrix names them all."""
    if len(results.categories) < MANY:
        return None
    pairs = most_confused(results.labels, results.predictions, results.categories)
    figure, (axis,) = new_figure(results, "Most confused pairs (test)", 1, 1, (7.5, 6.5))
    axis.barh([" and ".join(each["pair"]) for each in pairs], [each["share"] for each in pairs], color=COLOURS[5])
    axis.invert_yaxis()
    axis.xaxis.set_major_formatter(PercentFormatter(1))
    axis.set(xlabel="share of the drawings of both")
    axis.grid(axis="y", visible=False)
    return figure


def roc_curves(results: Results) -> Figure:
    """True against false positive rate, one category against the rest."""
    figure, (axis,) = new_figure(
        results, f"ROC curves (test, one against the rest{of_all(results.categories)})", 1, 1, (6, 5.4)
    )
    axis.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    for c, name in few(results.categories):
        recall, false_positive, _ = rates_by_threshold(results.labels == c, results.probabilities[:, c])
        recall, false_positive = np.append(0, recall), np.append(0, false_positive)
        style = "-" if c < len(COLOURS) else "--"
        label = f"{name} (area {np.trapezoid(recall, false_positive):.3f})"
        axis.plot(false_positive, recall, style, label=label)
    axis.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(-0.01, 1), ylim=(0, 1.01))
    axis.legend(loc="lower right")
    return figure


def pr_curves(results: Results) -> Figure:
    """Precision against recall, one category against the rest."""
    title = f"Precision-recall curves (test, one against the rest{of_all(results.categories)})"
    figure, (axis,) = new_figure(results, title, 1, 1, (6, 5.4))
    for c, name in few(results.categories):
        recall, _, precision = rates_by_threshold(results.labels == c, results.probabilities[:, c])
        area = np.diff(recall, prepend=0) @ precision
        style = "-" if c < len(COLOURS) else "--"
        axis.step(np.append(0, recall), np.append(1, precision), style, where="pre", label=f"{name} (area {area:.3f})")
    axis.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01))
    axis.legend(loc="lower left")
    return figure


def true_class_probability(results: Results) -> Figure:
    """The probability of the true category, for correct and for wrong predictions."""
    figure, (axis,) = new_figure(results, "Probability of the true category (test)", 1, 1, (7, 4.2))
    given = results.probabilities[np.arange(len(results.labels)), results.labels]
    right = results.predictions == results.labels
    bins = np.linspace(0, 1, 26).tolist()
    groups = [
        (f"correct ({right.sum():,})", right, COLOURS[0], ""),
        (f"wrong ({(~right).sum():,})", ~right, COLOURS[5], "//"),
    ]
    for label, which, colour, hatch in groups:
        axis.hist(given[which], bins, label=label, color=colour, alpha=0.75, hatch=hatch, edgecolor="white")
    axis.set(xlabel="probability of the true category", ylabel="test images", xlim=(0, 1))
    axis.legend(title="prediction")
    return figure


def reliability(results: Results) -> Figure:
    """Accuracy against confidence; on the diagonal the probabilities are calibrated."""
    bins = calibration(results.labels, results.probabilities)
    title = f"Reliability (test): expected calibration error {bins.error:.3f}"
    figure, (above, below) = new_figure(results, title, 2, 1, (5.6, 6.4))
    width = 1 / len(bins.counts)
    middle, filled = (np.arange(len(bins.counts)) + 0.5) * width, bins.counts > 0
    above.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1, label="perfectly calibrated")
    above.bar(middle[filled], bins.accuracy[filled], width * 0.92, color=COLOURS[0], label="accuracy")
    above.plot(
        bins.confidence[filled], bins.accuracy[filled], "o", color=COLOURS[5], label="mean confidence of the bin"
    )
    above.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    above.legend(loc="upper left", fontsize=8)
    below.bar(middle, bins.counts / bins.counts.sum(), width * 0.92, color=COLOURS[4])
    below.yaxis.set_major_formatter(PercentFormatter(1))
    below.set(xlabel="confidence (probability of the predicted category)", ylabel="test images", xlim=(0, 1))
    return figure
