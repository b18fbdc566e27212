"""`subset`: a folder in the course's layout, five categories in four .npy files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from datamodules.image_dataset import (
    ImageDataset,
    all_among,
    check_drawn,
    chosen_categories,
    load_array,
    load_images,
    select,
)
from experiment.config import FIVE, Data
from experiment.errors import UserError


def find(root: Path) -> Path | None:
    """The folder with the four files: `root` itself, or `quickdraw_subset_np` in it."""
    folders = (root, root / "quickdraw_subset_np")
    return next((folder for folder in folders if (folder / "train_images.npy").is_file()), None)


def load(config: Data, root: Path) -> ImageDataset:
    """Read the chosen categories, relabelled by their places in `data.categories`."""
    folder = find(root)
    if folder is None:
        raise UserError(f"{root}: no train_images.npy there; give the course's folder with --data.root.")
    categories = all_among(chosen_categories(config), FIVE, "the subset has")
    train_images, train_labels = _split(folder, "train", categories, config.train_per_category)
    test_images, test_labels = _split(folder, "test", categories, config.test_per_category)
    description = f"Quick, Draw! drawings in the course's layout, from {folder}"
    return ImageDataset("subset", description, categories, train_images, train_labels, test_images, test_labels)


def _split(folder: Path, split: str, categories: list[str], limit: int | None) -> tuple[np.ndarray, np.ndarray]:
    path = folder / f"{split}_labels.npy"
    images = load_images(folder / f"{split}_images.npy")
    check_drawn(images, folder / f"{split}_images.npy")
    return select(images, _labels(path, len(images)), FIVE, categories, limit, path)


def _labels(path: Path, count: int) -> np.ndarray:
    labels = load_array(path)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(f"{path}: labels must be whole numbers of shape (N,), not {labels.dtype} {labels.shape}.")
    if len(labels) != count:
        raise UserError(f"{path}: {len(labels)} labels for {count} drawings; the two files do not belong together.")
    wrong = np.flatnonzero((labels < 0) | (labels >= len(FIVE)))
    if len(wrong):
        raise UserError(f"{path}: label {labels[wrong[0]]} in row {wrong[0]}; labels must be 0 to {len(FIVE) - 1}.")
    return labels.astype(np.int64)
