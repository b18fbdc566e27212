"""t-SNE (van der Maaten and Hinton 2008) of the last hidden layer: which images are close for the network?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from visualization.figures.run_data import Results
from visualization.figures.style import COLOURS, LABELLED, look, new_figure

NAMED = 70
"""With many categories, the number of images that are named in the picture."""
LEAST = 8
"""Fewer images have no neighbourhoods worth a picture."""
MOST = 250
"""More images than this would cover each other."""


def tsne(results: Results) -> Figure | None:
    """The examples after the first epoch and with the best weights, side by side; None for very few examples."""
    features = [results.examples.get(key) for key in ("features_first", "features_best")]
    rows = results.examples["rows"]
    chosen = np.linspace(0, len(rows) - 1, min(MOST, len(rows))).astype(int)
    labels = results.labels[rows[chosen]]
    if (
        any(each is None or not np.isfinite(each).all() or each.shape[1] < 2 for each in features)
        or len(labels) < LEAST
    ):
        return None
    figure, axes = new_figure(results, f"t-SNE of the last hidden layer, {len(labels)} test images", 1, 2, (10, 5.2))
    for axis, each, when in zip(axes, features, ("after the first epoch", "best weights"), strict=True):
        assert each is not None
        positions = _coordinates(each[chosen])
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


def _coordinates(features: np.ndarray) -> np.ndarray:
    """Two coordinates for each row of features (N, D)."""
    from sklearn.manifold import TSNE

    if features.std() == 0:  # a network that sees no difference
        return np.zeros((len(features), 2))
    perplexity = min(30, (len(features) - 1) / 3)
    with threadpool_limits(1):  # on a busy machine OpenMP's threads wait for each other in busy loops
        # as good a picture as by the defaults (its divergence is 1 % larger), in a third of the time
        method = TSNE(2, perplexity=perplexity, init="pca", max_iter=350, angle=0.8, random_state=0)
        return method.fit_transform(features.astype(np.float32))
