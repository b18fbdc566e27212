"""Draws strokes into 28x28 bitmaps that look like the official Quick, Draw! bitmaps.

The official ones were made (issue 19 of googlecreativelab/quickdraw-dataset) by centring the drawing's bounding
box on a 256x256 grid, adding 16 of padding and half a line width on each side (304 in all), and drawing
antialiased round strokes of diameter 16, scaled to 28 pixels. Here OpenCV draws them enlarged, and the average
over the pixels of each cell makes the grey levels.
"""

from __future__ import annotations

import cv2
import numpy as np

from datamodules.image_dataset import SIDE

GRID = 256
DIAMETER = 16
PADDING = 16
CANVAS = 9 * SIDE
"""Side of the enlarged picture: nine pixels for one, which OpenCV averages fast."""
SCALE = CANVAS / (GRID + 2 * PADDING + DIAMETER)
THICKNESS = 12
"""DIAMETER * SCALE is 13.3; OpenCV draws this thickness 13 pixels wide. Of the pairs of canvas and thickness
tried, this one is as near to the official bitmaps as any (4 to 6 grey levels RMS), and the fastest of those."""
SUBPIXEL_BITS = 4

Stroke = np.ndarray
"""(2, points): x to the right and y downwards, on the 256 grid."""


def rasterize(strokes: list[Stroke]) -> np.ndarray:
    """Draw strokes as a (28, 28) uint8 bitmap, white (255) on black (0)."""
    corner = np.min([stroke.min(axis=1) for stroke in strokes], axis=0)
    opposite = np.max([stroke.max(axis=1) for stroke in strokes], axis=0)
    shift = CANVAS / 2 - SCALE * (corner + opposite) / 2 - 0.5  # OpenCV counts from the middle of a pixel
    to_pixels = SCALE * 2**SUBPIXEL_BITS
    offset = (shift * 2**SUBPIXEL_BITS)[:, None]
    lines = [np.rint(stroke * to_pixels + offset).astype(np.int32).T for stroke in strokes]
    lines = [np.repeat(line, 2, axis=0) if len(line) == 1 else line for line in lines]  # a dot: a line of no length
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    cv2.polylines(canvas, lines, False, 255, THICKNESS, cv2.LINE_8, SUBPIXEL_BITS)
    return cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def fit(strokes: list[Stroke]) -> list[Stroke]:
    """Strokes that are larger than the grid, scaled to it, with a longer side of 255."""
    points = np.concatenate(strokes, axis=1)
    corner = points.min(axis=1, keepdims=True)
    size = float((points - corner).max())
    if size < GRID:
        return strokes
    return [(stroke - corner) * ((GRID - 1) / size) for stroke in strokes]
