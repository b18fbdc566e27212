"""Figures made of images: predictions, first-layer weights, kernels and feature maps."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from visualization.figures.style import COLOURS, new_figure
from visualization.figures.tiles import Tile, in_rows, on_paper, show_tiles
from visualization.run_data import Results

MOST = 32
"""Most weights or maps of a layer that are shown."""


def predictions(results: Results, columns: int = 8) -> Figure:
    """Two rows of examples that were recognised, and two of the most confident mistakes."""
    rows, images = results.examples["rows"], results.examples["images"]
    labels, predicted = results.labels[rows], results.predictions[rows]
    confidence = results.probabilities.max(axis=1)[rows]
    right, wrong = np.flatnonzero(predicted == labels), np.flatnonzero(predicted != labels)
    right = right[np.linspace(0, len(right) - 1, 2 * columns).astype(int)] if len(right) else right
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][: 2 * columns]
    title = f"Right (above) and most confidently wrong (below), of {len(rows):,} test images"
    figure, (axis,) = new_figure(results, title, 1, 1, (11, 7))

    def tile(number: int) -> Tile:
        prediction, label = (results.categories[c] for c in (predicted[number], labels[number]))
        caption = f"{prediction} {confidence[number]:.0%}" + ("" if prediction == label else f"\nis {label}")
        return Tile(on_paper(images[number]), caption, "black" if prediction == label else COLOURS[5])

    chosen = (right[:columns], right[columns:], wrong[:columns], wrong[columns:])
    show_tiles(axis, [[tile(number) for number in row] for row in chosen], columns, above=0.34)
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
    each = min(8, max(results.examples[key].shape[1] for key in ("maps_first", "maps_last")))
    size = max(7.0, 2 + each * 1.12), 2.6 * len(images)
    figure, (axis,) = new_figure(results, "Feature maps: first and last convolution", 1, 1, size)
    rows: list[list[Tile | None]] = []
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        for which in ("first", "last"):
            maps = results.examples[f"maps_{which}"][number]
            strongest = np.argsort(-maps.max(axis=(1, 2)), kind="stable")[:each]
            drawing = Tile(on_paper(image), results.categories[label]) if which == "first" else None
            rows.append([drawing, *(Tile(maps[channel], f"{which}, {channel}") for channel in strongest)])
    show_tiles(axis, rows, 1 + each, above=0.2)
    return figure


def _one_picture(weight: np.ndarray) -> np.ndarray:
    """A weight (C, H, W) as (H, W), or as colours (H, W, 3) around grey where it has three channels."""
    if len(weight) != 3:
        return weight.mean(axis=0)
    return np.clip(0.5 + 0.5 * weight.transpose(1, 2, 0) / (np.abs(weight).max() or 1), 0, 1)


def _tiles(results: Results, title: str, pictures: list[np.ndarray]) -> Figure:
    columns = min(8, len(pictures))
    figure, (axis,) = new_figure(results, title, 1, 1, (9, 1.02 * -(-len(pictures) // columns) + 0.8))
    largest = max(float(np.abs(picture).max()) for picture in pictures)
    options = {"cmap": "PuOr_r", "vmin": -largest, "vmax": largest}
    shown = show_tiles(axis, in_rows([Tile(picture, options=options) for picture in pictures], columns), columns)
    if pictures[0].ndim == 2:
        figure.colorbar(shown[0], ax=axis, fraction=0.025, label="weight")
    return figure
