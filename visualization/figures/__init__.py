"""Figures of a finished run, from its files, the same for both tracks. Each title names the data."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib import rc_context
from matplotlib.figure import Figure

from visualization.figures.attention import attention
from visualization.figures.curves import curves, loss_terms
from visualization.figures.embedding import draw_places, tsne
from visualization.figures.performance import (
    confused_pairs,
    confusion_matrix,
    pr_curves,
    reliability,
    roc_curves,
    true_class_probability,
)
from visualization.figures.pictures import feature_maps, first_layer, predictions
from visualization.figures.style import STYLE, to_png
from visualization.run_data import Results
from visualization.tsne import Places

Drawn = dict[str, tuple[bytes, tuple[int, int]]]
"""Figures by name: PNG bytes, and (width, height) in pixels."""
FIGURES: dict[str, Callable[[Results], Figure | None]] = {
    "curves": curves,
    "loss_terms": loss_terms,
    "confusion_matrix": confusion_matrix,
    "confused_pairs": confused_pairs,
    "roc_curves": roc_curves,
    "pr_curves": pr_curves,
    "predictions": predictions,
    "true_class_probability": true_class_probability,
    "reliability": reliability,
    "first_layer": first_layer,
    "feature_maps": feature_maps,
    "attention": attention,
    "tsne": tsne,
}
"""Each draws from a run's results, or returns None where it has nothing to show."""


def draw_all(results: Results, places: Callable[[], Places | None] | None = None) -> Drawn:
    """Every figure by name, as PNG bytes and (width, height).

    Where another process works out the t-SNE meanwhile, `places` waits for it and returns what it found.
    """
    drawn: Drawn = {}
    with rc_context(STYLE):
        for name, draw in FIGURES.items():  # tsne is the last
            figure = draw_places(results, places()) if places and draw is tsne else draw(results)
            if figure is not None:
                drawn[name] = to_png(figure)
    return drawn
