"""What every source of drawings returns, and the checks that all of them share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tokenize import TokenError  # of NumPy's reader of headers

import numpy as np

from datamodules.on_disk import ImagesOnDisk
from experiment.config import FIVE, Data
from experiment.errors import UserError, did_you_mean
from experiment.files import PROJECT

SIDE = 28
"""Height and width of a drawing, in pixels."""


NPY = b"\x93NUMPY"
"""With these bytes every .npy file begins."""


@dataclass(frozen=True)
class ImageDataset:
    """Labelled images, the test set apart from the rest. Drawings have white strokes (255) on black (0)."""

    source: str
    """Name of the source, as `data.source` or `data.dataset` calls it."""
    description: str
    """One line for people: what these images are and where they come from."""
    categories: list[str]
    """Names of the classes; a label is a place in this list."""
    train_images: np.ndarray | ImagesOnDisk
    """(N, H, W) uint8, or with colours (N, H, W, 3); as strokes (N, POINTS, 3), see `sequences.py`."""
    train_labels: np.ndarray
    """(N,), whole numbers."""
    test_images: np.ndarray | ImagesOnDisk
    """(M, H, W), (M, H, W, 3) or (M, POINTS, 3) uint8."""
    test_labels: np.ndarray
    """(M,), whole numbers."""
    note: str = ""
    """Why these drawings and not those first thought of."""

    def checksums(self) -> dict[str, str]:
        """SHA-256 of each array's bytes, to tell whether two runs saw the same data; on disk, of some rows."""
        names = ("train_images", "train_labels", "test_images", "test_labels")
        return {name: _checksum(getattr(self, name)) for name in names}


def _checksum(array: np.ndarray | ImagesOnDisk) -> str:
    return array.checksum() if isinstance(array, ImagesOnDisk) else hashlib.sha256(array.tobytes()).hexdigest()


def as_batch(images: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Images (B, H, W) or (B, H, W, 3) uint8 as the networks take them: (B, C, H, W) from 0 to 1."""
    channels_first = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    return np.multiply(channels_first, dtype.type(1 / 255), order="C")


@cache
def official_categories() -> tuple[str, ...]:
    """The names of the 345 categories of Quick, Draw!"""
    return tuple(Path(__file__).with_name("categories.txt").read_text().splitlines())


def data_root(config: Data) -> Path:
    """The folder with the data."""
    if config.root and not Path(config.root).is_dir():
        raise UserError(f"--data.root {config.root}: no such folder.")
    return Path(config.root) if config.root else PROJECT / "data"


def chosen_categories(config: Data) -> list[str]:
    """`data.categories` as a list of names; an unknown name is a `UserError` with a suggestion."""
    known = official_categories()
    for name in config.categories if isinstance(config.categories, list) else []:
        if name not in known:
            raise UserError(
                f"--data.categories: {name!r} is not a Quick, Draw! category."
                f"{did_you_mean(name, known)} datamodules/categories.txt lists all {len(known)}."
            )
    return list(known) if config.categories == "all" else list(config.categories or FIVE)


def all_among(categories: Sequence[str], names: Sequence[str], what: str) -> list[str]:
    """The categories as a list, or a `UserError` for one that is not among `names`."""
    absent = [name for name in categories if name not in names]
    if absent:
        others = f"{', '.join(absent[:3])}{' and others' if len(absent) > 3 else ''}"
        raise UserError(f"--data.categories: {what} only {', '.join(names)}, not {others}.")
    return list(categories)


def select(
    images: np.ndarray, labels: np.ndarray, names: Sequence[str], categories: list[str], limit: int | None, path: Path
) -> tuple[np.ndarray, np.ndarray]:
    """The first `limit` images of each of `categories`, relabelled by their places there; labels counted in `names`.

    A category without an image in the file `path` is a `UserError`.
    """
    new_label = np.full(len(names), -1)
    new_label[[list(names).index(name) for name in categories]] = np.arange(len(categories))
    labels = new_label[labels]
    rows = np.flatnonzero(labels >= 0)
    rows = rows[first_of_each(labels[rows], len(categories), limit)]
    for label, name in enumerate(categories):
        if not (labels[rows] == label).any():
            raise UserError(f"{path}: no image of {name!r}; leave it out with --data.categories, or add some.")
    return images[rows], labels[rows]


def load_array(path: Path, mmap: bool = False) -> np.ndarray:
    """Read a .npy file without unpickling anything; a missing or damaged one is a `UserError`."""
    try:
        with open(path, "rb") as file:
            magic = file.read(len(NPY))
        if magic != NPY:
            raise ValueError("another format")
        # A memory map refuses a header that claims more than the file has, before memory is taken for it.
        array = np.load(path, allow_pickle=False, mmap_mode="r")
        if isinstance(array, np.memmap) and array.size and array.offset + array.nbytes != path.stat().st_size:
            raise ValueError("something follows the array")
        return array if mmap else np.array(array)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file.") from error
    except PermissionError as error:
        raise UserError(f"{path}: permission denied.") from error
    except (OSError, ValueError, EOFError, OverflowError, TypeError, MemoryError, SyntaxError, TokenError) as error:
        if "Python objects" in str(error):
            raise UserError(f"{path}: holds Python objects, which are not read; save it as plain numbers.") from error
        raise UserError(f"{path}: not a whole .npy file (cut short, or more than one); get it again.") from error


def load_images(path: Path, mmap: bool = False) -> np.ndarray:
    """Read drawings (N, 28, 28) or (N, 784), uint8, as (N, 28, 28)."""
    images = load_array(path, mmap)
    if images.dtype != np.uint8:
        raise UserError(f"{path}: drawings must be uint8 (0 to 255), not {images.dtype}; convert them.")
    if images.ndim < 2 or images.shape[1:] not in ((SIDE, SIDE), (SIDE * SIDE,)):
        raise UserError(f"{path}: drawings must be of shape (N, {SIDE}, {SIDE}), not {images.shape}.")
    if not len(images):
        raise UserError(f"{path}: holds no drawing.")
    return images.reshape(-1, SIDE, SIDE)


def check_drawn(images: np.ndarray, path: Path) -> None:
    """Refuse drawings (N, 28, 28) of which most are empty, as in a file that was written only in part."""
    flat = images.reshape(len(images), -1)
    empty = int((flat.max(axis=1) == flat.min(axis=1)).sum())
    if 2 * empty > len(images):
        raise UserError(f"{path}: {empty:,} of {len(images):,} drawings are empty; get the file again.")


def first_of_each(labels: np.ndarray, num_classes: int, limit: int | None) -> np.ndarray:
    """Row numbers, in order, of the first `limit` drawings of each class (all of them for None)."""
    if limit is None:
        return np.arange(len(labels))
    kept = [np.flatnonzero(labels == label)[:limit] for label in range(num_classes)]
    return np.sort(np.concatenate(kept))


def share(available: int, train: int | None, test: int | None) -> tuple[int, int]:
    """How many of a category's `available` drawings go to training and to the test.

    Where there are fewer than asked for, both get the asked-for proportion; null for one means the rest
    after the other, null for both means a fifth for the test.
    """
    if train is None and test is None:
        return available - available // 5, available // 5
    if train is None:
        test = min(test or 0, available // 2)
        return available - test, test
    if test is None:
        train = min(train, available - 1)
        return train, available - train
    if train + test > available:
        test = max(1, available * test // (train + test))
        train = available - test
    return train, test
