"""The last hidden layer as a map: which images are close for the network?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from visualization.figures.style import COLOURS, LABELLED, look, new_figure
from visualization.run_data import Results
from visualization.tsne import Places, find_places

NAMED = 70
"""With many categories, the number of images that are named in the picture."""


def tsne(results: Results) -> Figure | None:
    """The examples after the first epoch and with the best weights, side by side; None for very few examples."""
    return draw_places(results, find_places(results))


def draw_places(results: Results, places: Places | None) -> Figure | None:
    """The figure of `tsne` with places that are known already."""
    if places is None:
        return None
    labels = results.labels[results.examples["rows"][places.chosen]]
    figure, axes = new_figure(results, f"t-SNE of the last hidden layer, {len(labels)} test images", 1, 2, (10, 5.2))
    shown = (("after the first epoch", places.first), ("best weights", places.best))
    for axis, (when, positions) in zip(axes, shown, strict=True):
        if len(results.categories) > LABELLED:
            _name_some(axis, positions, [results.categories[label] for label in labels])
        else:
            _colour_all(axis, positions, labels, results.categories)
        axis.set(title=when, xticks=[], yticks=[])
        axis.grid(False)
    handles = axes[0].get_legend_handles_labels()
    if handles[0]:
        figure.legend(*handles, loc="outside lower center", ncols=min(len(results.categories), 6))
    return figure


def _colour_all(axis: Axes, positions: np.ndarray, labels: np.ndarray, categories: list[str]) -> None:
    for c, name in enumerate(categories):
        own = positions[labels == c]
        axis.scatter(own[:, 0], own[:, 1], s=14, alpha=0.75, linewidths=0, label=name, **look(c))


def _name_some(axis: Axes, positions: np.ndarray, names: list[str]) -> None:
    """All images as dots, and the categories of some written beside them: there are too many for colours."""
    axis.scatter(positions[:, 0], positions[:, 1], s=7, color=COLOURS[4], linewidths=0)
    for number in np.linspace(0, len(names) - 1, min(NAMED, len(names))).astype(int):
        axis.annotate(names[number], positions[number], fontsize=6, ha="center", va="bottom")
