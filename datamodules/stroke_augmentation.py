"""Random changes to drawings made of points: the affine changes of the bitmaps, and what only strokes allow.

Strokes are left out, come in another order, and their points are moved a little. All is done for a batch at once, and
all random numbers are drawn whatever the settings, so that switching one change on does not alter the others.
"""

from __future__ import annotations

import numpy as np

from datamodules.rasterize import GRID, SCALE
from datamodules.sequences import LIFTED, MIDDLE, PADDING
from experiment.config import Augmentation

PIXEL = 9 / SCALE
"""Steps of the 256 grid in one pixel of a bitmap."""


def augment_points(points: np.ndarray, config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Changed copies, float64, of stored sequences (B, T, 3) uint8; what is left is moved to the front."""
    count, longest, _ = points.shape
    real = points[..., 2] != PADDING
    strokes = _stroke_numbers(points)
    ranks = _ranks(count, longest, strokes, config, random)
    kept = real & _kept(strokes, real, config, random)
    place = np.where(kept, ranks * longest + np.arange(longest), longest * longest)
    order = np.argsort(place, axis=1, kind="stable")
    changed = np.take_along_axis(points.astype(np.float64), order[..., None], axis=1)
    there = np.arange(longest) < kept.sum(axis=1, keepdims=True)
    noise = random.standard_normal((count, longest, 2)) * config.jitter
    changed[..., :2] = _moved(changed[..., :2] + noise, config, random)
    return changed * there[..., None]


def _stroke_numbers(points: np.ndarray) -> np.ndarray:
    """Which stroke of its drawing each point belongs to, (B, T), from 0."""
    lifted = points[..., 2] == LIFTED
    return np.cumsum(lifted, axis=1) - lifted


def _ranks(
    count: int, longest: int, strokes: np.ndarray, config: Augmentation, random: np.random.Generator
) -> np.ndarray:
    """The place of each point's stroke in the changed drawing, (B, T): as it is, or at random."""
    ranks = np.argsort(np.argsort(random.random((count, longest)), axis=1), axis=1)
    ranks[random.random(count) >= config.reorder] = np.arange(longest)
    return np.take_along_axis(ranks, strokes, axis=1)


def _kept(strokes: np.ndarray, real: np.ndarray, config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Whether each point's stroke is kept, (B, T); the first stroke stays where none would be left."""
    kept = np.take_along_axis(random.random(strokes.shape) >= config.drop_strokes, strokes, axis=1)
    return kept | ((strokes == 0) & ~(kept & real).any(axis=1, keepdims=True))


def _moved(places: np.ndarray, config: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Places (B, T, 2) rotated, scaled, sheared and flipped about the middle, and shifted, as bitmaps are."""
    count = len(places)
    limits = np.array([config.rotation, config.scale, config.shear, config.shift * PIXEL, config.shift * PIXEL])
    rotation, scale, shear, *shift = random.uniform(-1, 1, (5, count)) * limits[:, None]
    flip = np.where(random.random(count) < config.flip, -1, 1)
    c, s, k = np.cos(np.deg2rad(rotation)), np.sin(np.deg2rad(rotation)), np.tan(np.deg2rad(shear))
    turn = np.moveaxis(np.array([[c, -s], [s, c]]), 2, 0)
    lean = np.moveaxis(np.array([[np.ones(count), k], [np.zeros(count), np.ones(count)]]), 2, 0)
    matrix = (1 + scale)[:, None, None] * (turn @ lean)
    matrix[..., 0] *= flip[:, None]
    moved = (places - MIDDLE) @ matrix.transpose(0, 2, 1) + np.stack(shift, axis=1)[:, None] + MIDDLE
    return np.clip(moved, -GRID, 2 * GRID)
