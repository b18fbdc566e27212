"""Figures made of images: predictions, first-layer weights, kernels and feature maps."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from experiment.figures.results import Results
from experiment.figures.style import COLOURS, new_figure, show_image

MOST = 32
"""At most so many weights or maps of a layer are shown."""


def predictions(results: Results, columns: int = 8) -> Figure:
    """Two rows of examples that were recognised, and two of the most confident mistakes."""
    rows, images = results.examples["rows"], results.examples["images"]
    labels, guesses = results.labels[rows], results.guesses[rows]
    confidence = results.probabilities.max(axis=1)[rows]
    right, wrong = np.flatnonzero(guesses == labels), np.flatnonzero(guesses != labels)
    right = right[np.linspace(0, len(right) - 1, 2 * columns).astype(int)] if len(right) else right
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][: 2 * columns]
    title = f"Right (above) and most confidently wrong (below), of {len(rows):,} test images"
    figure, axes = new_figure(results, title, 4, columns, (11, 7))
    for axis in axes:
        axis.axis("off")
    for first, chosen in ((0, right), (2 * columns, wrong)):
        for axis, number in zip(axes[first:], chosen, strict=False):
            show_image(axis, images[number])
            guess, truth = (results.categories[label] for label in (guesses[number], labels[number]))
            text = f"{guess} {confidence[number]:.0%}" + ("" if guess == truth else f"\nis {truth}")
            axis.set_title(text, fontsize=8, color="black" if guess == truth else COLOURS[5])
    return figure


def first_layer(results: Results) -> Figure | None:
    """The weights of the first layer as images; None where it sees something else than the image."""
    seen = (key for key, array in results.weights.items() if array.ndim in (2, 4) and not key.startswith("word"))
    name = next(seen)
    weight = results.weights[name]
    if weight.ndim == 2 and weight.shape[1] != np.prod(results.shape):
        return None
    pictures = weight if weight.ndim == 4 else weight.reshape(-1, *results.shape)
    kind = "Kernels" if weight.ndim == 4 else "Weights"
    title = f"{kind} of the first layer ({name}), {min(MOST, len(pictures))} of {len(pictures)}"
    return _tiles(results, title, [_one_picture(picture) for picture in pictures[:MOST]])


def feature_maps(results: Results) -> Figure | None:
    """What the first and the last convolution (after its activation) see in a drawing of each category."""
    if "maps_first" not in results.examples:
        return None
    images, labels = results.examples["mapped_images"], results.labels[results.examples["mapped_rows"]]
    each = 8
    figure, axes = new_figure(
        results, "Feature maps: first and last convolution", 2 * len(images), 1 + each, (11, 2.3 * len(images))
    )
    grid = np.array(axes, dtype=object).reshape(2 * len(images), 1 + each)
    for axis in axes:
        axis.axis("off")
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        show_image(grid[2 * number, 0], image)
        grid[2 * number, 0].set_title(results.categories[label], fontsize=9)
        for row, key in enumerate(("maps_first", "maps_last")):
            maps = results.examples[key][number]
            strongest = np.argsort(-maps.max(axis=(1, 2)), kind="stable")[:each]
            for axis, channel in zip(grid[2 * number + row, 1:], strongest, strict=False):
                axis.imshow(maps[channel], cmap="viridis")
                if number == 0:
                    axis.set_title(f"{'first' if row == 0 else 'last'}, {channel}", fontsize=7)
    return figure


def _one_picture(weight: np.ndarray) -> np.ndarray:
    """A weight (C, H, W) as (H, W), or as colours (H, W, 3) around grey where it has three channels."""
    if len(weight) != 3:
        return weight.mean(axis=0)
    return np.clip(0.5 + 0.5 * weight.transpose(1, 2, 0) / (np.abs(weight).max() or 1), 0, 1)


def _tiles(results: Results, title: str, pictures: list[np.ndarray]) -> Figure:
    columns = 8
    rows = -(-len(pictures) // columns)
    figure, axes = new_figure(results, title, rows, columns, (9, 1.15 * rows + 1))
    for axis in axes:
        axis.axis("off")
    largest = max(float(np.abs(picture).max()) for picture in pictures)
    shown = None
    for axis, picture in zip(axes, pictures, strict=False):
        shown = axis.imshow(picture, cmap="PuOr_r", vmin=-largest, vmax=largest)
    if shown is not None and pictures[0].ndim == 2:
        figure.colorbar(shown, ax=axes, fraction=0.025, label="weight")
    return figure
