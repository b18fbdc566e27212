"""Drawings as sequences of points, as a transformer reads them: stored as bytes, and as numbers for the networks.

A stored point is (x, y, state): the place on the 256 grid, with the drawing in its middle, as in the bitmaps; the state
says whether the line goes on to the next point (LINE) or the pen is lifted here (LIFTED). Short drawings are padded
with zeros. A network gets six numbers of each point: x, y, Δx, Δy, whether the pen is lifted, and whether there is a
point at all. The last one is the mask: 0 where the sequence is padded.
"""

from __future__ import annotations

import cv2
import numpy as np

from datamodules.image_dataset import as_batch
from datamodules.rasterize import GRID, Stroke, rasterize

POINTS = 96
"""Points of a stored sequence. Of the official simplified drawings, one in a hundred has more."""
CHANNELS = 6
"""Numbers of a point: x, y, Δx, Δy, lifted, real."""
REAL = CHANNELS - 1
"""The channel of the mask."""
TOGETHER = 64
"""Batches among which sequences are sorted by their length."""
PADDING, LINE, LIFTED = 0, 1, 2
"""States of a stored point."""
MIDDLE = (GRID - 1) / 2
PLACE, STEP = 64.0, 32.0
"""Divide x, y and Δx, Δy, so that they vary by about 1."""


def to_sequence(strokes: list[Stroke]) -> np.ndarray:
    """Strokes on the 256 grid as one stored sequence (POINTS, 3) uint8.

    Drawings with too many points are simplified by Ramer, Douglas and Peucker's method, as little as is needed.
    """
    lines = [stroke.T for stroke in _simplified(strokes)]
    places = np.concatenate(lines)
    places = places + (GRID - 1 - places.min(axis=0) - places.max(axis=0)) / 2
    sequence = np.zeros((POINTS, 3), np.uint8)
    sequence[: len(places), :2] = np.clip(np.rint(places), 0, GRID - 1)
    sequence[: len(places), 2] = LINE
    sequence[np.cumsum([len(line) for line in lines]) - 1, 2] = LIFTED
    return sequence


def to_strokes(sequence: np.ndarray) -> list[Stroke]:
    """A stored sequence (POINTS, 3) as strokes, each (2, points)."""
    real = sequence[sequence[:, 2] != PADDING]
    ends = np.flatnonzero(real[:, 2] == LIFTED) + 1
    return [part[:, :2].T.astype(np.float64) for part in np.split(real, ends) if len(part)]


def as_sequences(points: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Points (B, T, 3), stored or augmented, as the networks take them: (B, T, CHANNELS), padding all zeros."""
    real = points[..., 2] != PADDING
    places = (points[..., :2] - MIDDLE) * real[..., None]
    steps = np.diff(places, axis=1, prepend=places[:, :1]) * real[..., None]
    lifted = points[..., 2] == LIFTED
    numbers = [places / PLACE, steps / STEP, lifted[..., None], real[..., None]]
    return np.concatenate(numbers, axis=2, dtype=np.float64, casting="unsafe").astype(dtype)


def as_input(drawings: np.ndarray, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Stored drawings, (N, ...) uint8, as a network for inputs of `shape` takes them: pictures or sequences."""
    return as_batch(drawings, dtype) if len(shape) == 3 else as_sequences(drawings, dtype)


def pictures_of(drawings: np.ndarray) -> np.ndarray:
    """Stored drawings as pictures, to show them: sequences (N, POINTS, 3) are rasterized, images stay."""
    if drawings.shape[1:] != (POINTS, 3):
        return drawings
    return np.stack([rasterize(to_strokes(sequence)) for sequence in drawings])


def as_points(sequences: np.ndarray) -> np.ndarray:
    """The inverse of `as_sequences`: points (B, T, 3), float64, not yet whole numbers."""
    sequences = sequences.astype(np.float64)
    real = sequences[..., REAL] != 0
    states = np.where(sequences[..., 4] > 0, LIFTED, LINE) * real
    places = (sequences[..., :2] * PLACE + MIDDLE) * real[..., None]
    return np.concatenate([places, states[..., None]], axis=2)


def lengths(points: np.ndarray) -> np.ndarray:
    """How many points each of the sequences (B, T, 3) has: (B,)."""
    return np.count_nonzero(points[..., 2] != PADDING, axis=1)


def trimmed(sequences: np.ndarray) -> np.ndarray:
    """A batch (B, T, CHANNELS) without the padding that all its sequences share."""
    longest = int(np.count_nonzero(sequences[..., REAL], axis=1).max(initial=1))
    return np.ascontiguousarray(sequences[:, :longest])


def by_length(rows: np.ndarray, length: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Shuffled `rows` rearranged so that the batches of `size` have sequences of similar `length`: little padding.

    Among TOGETHER batches the rows are sorted by length, then the batches come in random order.
    """
    arranged = []
    for start in range(0, len(rows), size * TOGETHER):
        group = rows[start : start + size * TOGETHER]
        full = len(group) // size
        whole = group[: full * size]
        batches = whole[np.argsort(length[whole], kind="stable")].reshape(full, size)
        arranged += [batches[random.permutation(full)].ravel(), group[full * size :]]
    return np.concatenate(arranged)


def _simplified(strokes: list[Stroke]) -> list[Stroke]:
    """The strokes with at most POINTS points in all; of a drawing with yet more strokes, the longest ones."""
    tolerance, kept = 0, strokes
    while sum(stroke.shape[1] for stroke in kept) > POINTS and tolerance < GRID:
        tolerance += 1
        kept = [_few_points(stroke, tolerance) for stroke in strokes]
    if sum(stroke.shape[1] for stroke in kept) <= POINTS:
        return kept
    longest = sorted(range(len(kept)), key=lambda number: -_length(kept[number]))
    points = np.cumsum([kept[number].shape[1] for number in longest])
    return [kept[number] for number in sorted(longest[: np.searchsorted(points, POINTS, side="right")])]


def _few_points(stroke: Stroke, tolerance: float) -> Stroke:
    points = cv2.approxPolyDP(stroke.T.astype(np.float32)[:, None], tolerance, closed=False)
    return points[:, 0].T.astype(np.float64)


def _length(stroke: Stroke) -> float:
    return float(np.hypot(*np.diff(stroke, axis=1)).sum())
