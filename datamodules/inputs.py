"""Reads a user's drawings, of whatever kind, as the 28x28 bitmaps that the networks were trained on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from datamodules.drawings import SIDE, load_array, load_images
from datamodules.sources.strokes import read_strokes
from datamodules.strokes import DIAMETER, GRID, PADDING, rasterise
from experiment.errors import UserError

MARGIN = (PADDING + DIAMETER / 2) / GRID
"""Empty border on each side of an official bitmap, relative to the drawing's longer side."""


def read_images(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """Images for a network that takes `shape`: (3, H, W) as (N, H, W, 3) uint8, else drawings (N, 28, 28)."""
    return read_drawings(path) if shape[0] == 1 else read_photographs(path, shape[1:])


def read_photographs(path: Path, size: tuple[int, int]) -> np.ndarray:
    """(N, H, W, 3) uint8 from a picture, scaled to `size` (H, W), or from an .npy of that shape."""
    if not path.is_file():
        raise UserError(f"{path}: no such file.")
    if path.suffix == ".npy":
        array = load_array(path)
        if array.dtype != np.uint8 or array.shape[1:] != (*size, 3):
            raise UserError(
                f"{path}: needs uint8 of shape (N, {size[0]}, {size[1]}, 3), not {array.dtype} {array.shape}."
            )
        return array
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise UserError(f"{path}: not a picture that can be read (nor .npy).")
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)[None, :, :, ::-1]


def read_drawings(path: Path) -> np.ndarray:
    """(N, 28, 28) uint8, white on black, from an .ndjson of strokes, an .npy of bitmaps, or a picture."""
    if not path.is_file():
        raise UserError(f"{path}: no such file.")
    if path.suffix == ".ndjson":
        return np.stack([rasterise(strokes) for strokes in read_strokes(path)])
    if path.suffix == ".npy":
        array = load_array(path)
        return array[None] if array.shape == (SIDE, SIDE) and array.dtype == np.uint8 else load_images(path)
    return read_picture(path)[None]


def read_picture(path: Path) -> np.ndarray:
    """One picture of any size, dark on light or light on dark, centred and scaled as the official bitmaps are."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise UserError(f"{path}: not a picture that can be read (nor .npy, nor .ndjson).")
    grey = _on_white(picture)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = 255 - grey if np.median(border) > 127 else grey
    if ink.shape == (SIDE, SIDE):
        return ink
    rows, columns = np.flatnonzero(ink.max(axis=1) > 64), np.flatnonzero(ink.max(axis=0) > 64)
    if not len(rows):
        raise UserError(f"{path}: an empty picture.")
    drawing = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = drawing.shape
    side = max(height, width) + 2 * round(MARGIN * max(height, width))
    square = np.zeros((side, side), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = drawing
    return cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _on_white(picture: np.ndarray) -> np.ndarray:
    """Grey levels (H, W) uint8 of a grey, BGR or BGRA picture; what is transparent becomes white."""
    if picture.dtype == np.uint16:
        picture = (picture // 257).astype(np.uint8)
    if picture.ndim == 2:
        return picture
    grey = cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2GRAY)
    if picture.shape[2] == 4:
        opacity = picture[..., 3] / 255
        grey = np.rint(255 - (255.0 - grey) * opacity).astype(np.uint8)
    return grey
