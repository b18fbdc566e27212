"""Figures over the epochs of a training."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from visualization.figures.style import new_figure
from visualization.run_data import Results

MARKED = 40
"""Most epochs for which each has a marker."""


def curves(results: Results) -> Figure:
    """Loss and accuracy by epoch, of training and validation."""
    figure, axes = new_figure(results, "Learning curves", 1, 2, (9, 4))
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        _both_splits(axis, results, name)
    return figure


def loss_terms(results: Results) -> Figure | None:
    """Each term of the loss by epoch, before its weight; None where there is only one."""
    names = [tag.removeprefix("train/") for tag in results.history[0] if tag.startswith("train/loss_")]
    if not names:
        return None
    figure, axes = new_figure(results, "Terms of the loss", 1, len(names), (1 + 4 * len(names), 4))
    for axis, name in zip(axes, names, strict=True):
        _both_splits(axis, results, name)
        axis.set_ylabel(name.removeprefix("loss_").replace("_", " "))
    return figure


def _both_splits(axis: Axes, results: Results, name: str) -> None:
    epochs = [row["epoch"] for row in results.history]
    for split, shown, marker in (("train", "train", "o"), ("val", "validation", "s")):
        values = [row[f"{split}/{name}"] for row in results.history]
        style: dict[str, Any] = {"marker": marker, "markersize": 3.5} if len(epochs) <= MARKED else {"linewidth": 1.2}
        axis.plot(epochs, values, label=shown, **style)
    axis.set(xlabel="epoch", ylabel=name)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend()
