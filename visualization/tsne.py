"""t-SNE (van der Maaten and Hinton 2008) of the last hidden layer: where each test image lies in the figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from visualization.run_data import Results

LEAST = 8
"""Fewer images have no neighbourhoods worth a picture."""
MOST = 250
"""More images than this would cover each other."""


@dataclass(frozen=True)
class Places:
    """Where the chosen examples lie."""

    chosen: np.ndarray
    """(N,) positions in the arrays of `examples.npz`."""
    first: np.ndarray
    """(N, 2) after the first epoch."""
    best: np.ndarray
    """(N, 2) with the best weights."""


def find_places(results: Results) -> Places | None:
    """Places for the examples; None where there are very few, or no features to compare."""
    features = [results.examples.get(key) for key in ("features_first", "features_best")]
    count = len(results.examples["rows"])
    chosen = np.linspace(0, count - 1, min(MOST, count)).astype(int)
    usable = [each for each in features if each is not None and np.isfinite(each).all() and each.shape[1] >= 2]
    if len(usable) < len(features) or len(chosen) < LEAST:
        return None
    first, best = (_coordinates(each[chosen]) for each in usable)
    return Places(chosen, first, best)


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
