"""Reads a user's drawings, from any of several formats, as the 28x28 bitmaps that the networks were trained on."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from datamodules.image_dataset import SIDE, load_array, load_images
from datamodules.rasterize import DIAMETER, GRID, PADDING, rasterize
from datamodules.sequences import to_sequence
from datamodules.sources.strokes import read_strokes
from experiment.errors import UserError, reason_of

MARGIN = (PADDING + DIAMETER / 2) / GRID
"""Empty border on each side of an official bitmap, relative to the drawing's longer side."""
FAINT = 64
"""Grey levels up to this are background."""
MOST_PIXELS = 1 << 26
"""Pixels of the largest picture that is read: 8192x8192."""


def read_images(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Images for a network that takes `shape`: (3, H, W) as (N, H, W, 3) uint8, (1, 28, 28) as drawings (N, 28, 28).

    For a network on strokes (POINTS, 6) they are (N, POINTS, 3) uint8.
    """
    if len(shape) != len(("channels", "height", "width")):
        return read_sequences(path)
    return read_drawings(path) if shape[0] == 1 else read_photographs(path, shape[1:])


def read_sequences(path: Path) -> np.ndarray:
    """The strokes in an .ndjson as sequences of points (N, POINTS, 3) uint8."""
    if not path.is_file():
        raise UserError(f"{path}: no such file.")
    if path.suffix != ".ndjson":
        raise UserError(f"{path}: this network reads strokes; give an .ndjson file, or a run that learnt pictures.")
    return np.stack([to_sequence(strokes) for strokes in read_strokes(path)])


def read_photographs(path: Path, size: tuple[int, ...]) -> np.ndarray:
    """(N, H, W, 3) uint8 from a picture, scaled to `size` (H, W), or from an .npy of that shape."""
    if not path.is_file():
        raise UserError(f"{path}: no such file.")
    if path.suffix == ".npy":
        array = load_array(path)
        if array.dtype != np.uint8 or array.ndim != 4 or array.shape[1:] != (*size, 3) or not len(array):
            raise UserError(
                f"{path}: needs uint8 of shape (N, {size[0]}, {size[1]}, 3), not {array.dtype} {array.shape}."
            )
        return array
    picture = _in_bytes(_decode(path, "nor .npy"), path)
    colours = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) if picture.ndim == 2 else picture[..., :3]
    return cv2.resize(colours, size[::-1], interpolation=cv2.INTER_AREA)[None, :, :, ::-1]


def read_drawings(path: Path) -> np.ndarray:
    """(N, 28, 28) uint8, white on black, from an .ndjson of strokes, an .npy of bitmaps, or a picture."""
    if not path.is_file():
        raise UserError(f"{path}: no such file.")
    if path.suffix == ".ndjson":
        return np.stack([rasterize(strokes) for strokes in read_strokes(path)])
    if path.suffix == ".npy":
        array = load_array(path)
        drawings = array[None] if array.shape == (SIDE, SIDE) and array.dtype == np.uint8 else load_images(path)
        _check_not_empty(drawings, path)
        return drawings
    return read_picture(path)[None]


def read_picture(path: Path) -> np.ndarray:
    """One picture of any size, dark on light or light on dark, centred and scaled as the official bitmaps are."""
    grey = _on_white(_in_bytes(_decode(path, "nor .npy, nor .ndjson"), path))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = 255 - grey if np.median(border) > 127 else grey
    rows, columns = np.flatnonzero(ink.max(axis=1) > FAINT), np.flatnonzero(ink.max(axis=0) > FAINT)
    if not len(rows):
        raise UserError(f"{path}: an empty picture.")
    if ink.shape == (SIDE, SIDE):
        return ink
    drawing = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = drawing.shape
    side = max(height, width) + 2 * round(MARGIN * max(height, width))
    square = np.zeros((side, side), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = drawing
    return cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _check_not_empty(drawings: np.ndarray, path: Path) -> None:
    flat = drawings.reshape(len(drawings), -1)
    empty = np.flatnonzero(flat.max(axis=1) == flat.min(axis=1))
    if len(empty):
        raise UserError(f"{path}: row {empty[0]} is an empty drawing; leave it out.")


def _decode(path: Path, others: str) -> np.ndarray:
    """The pixels of a picture file as OpenCV reads them, with transparency where there is any."""
    with _quiet():
        _check_whole(path)
        try:
            picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        except cv2.error as error:
            raise UserError(f"{path}: cannot be read ({reason_of(error)}); save it as PNG.") from error
    if picture is None or not picture.size:
        raise UserError(f"{path}: not a picture that can be read ({others}).")
    return picture


@contextmanager
def _quiet() -> Iterator[None]:
    """Within the block nothing is written to stderr: libpng and libtiff do so by themselves."""
    stderr, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nothing)


def _check_whole(path: Path) -> None:
    """Let Pillow refuse what is damaged or too large: OpenCV would read half of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise UserError(f"{path}: claims {width}x{height} pixels, too many; give a smaller picture.")
                picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UserError(f"{path}: claims too many pixels ({reason_of(error)}); give a smaller picture.") from error
    except UnidentifiedImageError:  # OpenCV may know the format
        return
    except (OSError, ValueError, SyntaxError, struct.error, EOFError, MemoryError, OverflowError, IndexError) as error:
        raise UserError(f"{path}: not a whole picture ({reason_of(error)}); get it again.") from error


def _in_bytes(picture: np.ndarray, path: Path) -> np.ndarray:
    """Pixels as uint8; those of type float must be from 0 to 1, as matplotlib and scikit-image have them."""
    if picture.dtype == np.uint8:
        return picture
    if picture.dtype == np.uint16:
        return (picture // 257).astype(np.uint8)
    if np.issubdtype(picture.dtype, np.floating):
        if not ((picture >= 0) & (picture <= 1)).all():  # False for NaN
            raise UserError(f"{path}: pixels of type {picture.dtype} must be from 0 to 1; save it as 8-bit PNG.")
        return np.rint(picture * 255).astype(np.uint8)
    raise UserError(f"{path}: pixels of type {picture.dtype} are not read; save it as 8-bit PNG.")


def _on_white(picture: np.ndarray) -> np.ndarray:
    """Grey levels (H, W) uint8 of a grey, BGR or BGRA picture; what is transparent becomes white."""
    if picture.ndim == 2:
        return picture
    if picture.shape[2] < 3:
        return picture[..., 0]
    grey = cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2GRAY)
    if picture.shape[2] == 4:
        opacity = picture[..., 3] / 255
        grey = np.rint(255 - (255.0 - grey) * opacity).astype(np.uint8)
    return grey
