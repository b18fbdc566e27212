"""Where a transformer looks: its attention, drawn over the strokes."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from visualization.figures.style import new_figure
from visualization.run_data import Results

SHOWN = 4
"""Most heads that are shown."""
GRID = 255


def attention(results: Results) -> Figure | None:
    """How much all points together look at each point, for each head of the last block; None without attention.

    `attention` in the examples is (drawings, heads, points), `points` (drawings, points, 3) are the same drawings'.
    """
    if "attention" not in results.examples:
        return None
    weights, points = results.examples["attention"], results.examples["mapped_points"]
    labels = results.labels[results.examples["mapped_rows"]]
    heads = min(SHOWN, weights.shape[1])
    figure, axes = new_figure(
        results, "Attention of the last block: darker strokes are looked at more", len(points), heads,
        (2.2 * heads, 2.3 * len(points) + 0.6),
    )  # fmt: skip
    for number, (sequence, label) in enumerate(zip(points, labels, strict=True)):
        for head in range(heads):
            axis = axes[number * heads + head]
            axis.add_collection(_strokes(sequence, weights[number, head]))
            axis.set(xlim=(-10, GRID + 10), ylim=(GRID + 10, -10), aspect="equal")
            axis.set_title(f"{results.categories[label]}, head {head + 1}", fontsize=8)
            axis.axis("off")
    return figure


def _strokes(sequence: np.ndarray, weights: np.ndarray) -> LineCollection:
    """The lines between neighbouring points of a stroke, coloured by the mean weight of their ends."""
    length = int(np.count_nonzero(sequence[:, 2]))
    places, state, weights = sequence[:length, :2].astype(float), sequence[:length, 2], weights[:length]
    goes_on = np.flatnonzero(state[:-1] == 1)
    lines = np.stack([places[goes_on], places[goes_on + 1]], axis=1)
    ends = (weights[goes_on] + weights[goes_on + 1]) / 2
    return LineCollection(list(lines), array=ends, cmap="viridis_r", linewidths=2.5)
