"""`strokes`: official simplified drawings, one `<category>.ndjson` per category, drawn into bitmaps once, or kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from datamodules.cache import cached, fingerprint
from datamodules.image_dataset import SIDE, ImageDataset, chosen_categories, share
from datamodules.rasterize import Stroke, fit, rasterize
from datamodules.sequences import POINTS, to_sequence
from experiment.config import Data
from experiment.errors import UserError

FARTHEST = 1e6
"""Coordinates are smaller than this, either way."""
WORTHWHILE = 20
"""From this number of categories on, several processes are faster than one."""


def find(root: Path, categories: list[str]) -> Path | None:
    """The folder that has the .ndjson file of every category: `root` itself, or a usual one in it."""
    folders = (root, root / "quickdraw_simplified", root / "simplified")
    return next((f for f in folders if all((f / f"{name}.ndjson").is_file() for name in categories)), None)


def load(config: Data, root: Path) -> ImageDataset:
    """Take the first drawings of each category for training, the next for the test: rasterized, or as they are."""
    categories = chosen_categories(config)
    folder = find(root, categories)
    if folder is None:
        where = next((f for f in (root / "quickdraw_simplified", root / "simplified") if f.is_dir()), root)
        name = next(name for name in categories if not (where / f"{name}.ndjson").is_file())
        raise UserError(f"{where / f'{name}.ndjson'}: no such file; --data.source strokes needs one per category.")
    wanted = None
    if config.train_per_category is not None and config.test_per_category is not None:
        wanted = config.train_per_category + config.test_per_category
    train, test = [], []
    for name, images in zip(categories, _all_drawings(folder, categories, wanted, config.form), strict=True):
        ours, theirs = share(len(images), config.train_per_category, config.test_per_category)
        if ours < 1 or theirs < 1:
            raise UserError(f"{folder / f'{name}.ndjson'}: {len(images)} drawings are too few; two at least.")
        train.append(images[:ours])
        test.append(images[ours : ours + theirs])
    how = ", rasterized" if config.form == "bitmaps" else ""
    description = f"Quick, Draw! simplified strokes{how}, from {folder}"
    return together("strokes", description, categories, train, test)


def together(
    source: str, description: str, categories: list[str], train: list[np.ndarray], test: list[np.ndarray]
) -> ImageDataset:
    """Join one array of drawings per category, labelled by its place."""
    labels = [np.repeat(np.arange(len(part)), [len(images) for images in part]) for part in (train, test)]
    return ImageDataset(
        source, description, categories, np.concatenate(train), labels[0], np.concatenate(test), labels[1]
    )


def read_strokes(path: Path, limit: int | None = None) -> list[list[Stroke]]:
    """The strokes of each drawing in an .ndjson file; a line that is not a drawing is a `UserError`.

    Drawings larger than the 256 grid, such as those of Quick, Draw!'s raw files, are scaled to it.
    """
    drawings: list[list[Stroke]] = []
    with open(path, encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if limit is not None and len(drawings) == limit:
                break
            if line.strip():
                drawings.append(_strokes_of(line, f"{path}, line {number}"))
    if not drawings:
        raise UserError(f"{path}: holds no drawing.")
    return drawings


def _strokes_of(line: str, where: str) -> list[Stroke]:
    try:
        content: Any = json.loads(line)["drawing"]
        strokes = [np.array(stroke[:2], np.float64) for stroke in content]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise UserError(f"{where}: not a drawing in Quick, Draw!'s ndjson format.") from error
    if not strokes or not all(each.ndim == 2 and len(each) == 2 and each.size for each in strokes):
        raise UserError(f"{where}: a drawing needs strokes of equally many x and y.")
    if not all((np.abs(each) < FARTHEST).all() for each in strokes):  # also False for NaN
        raise UserError(f"{where}: a coordinate is not a number within {FARTHEST:,.0f} of 0.")
    return fit(strokes)


def in_form(drawings: Iterable[list[Stroke]], count: int, form: str) -> np.ndarray:
    """Drawings as bitmaps (count, 28, 28), or as sequences (count, POINTS, 3); uint8."""
    make, shape = (rasterize, (SIDE, SIDE)) if form == "bitmaps" else (to_sequence, (POINTS, 3))
    made = np.empty((count, *shape), np.uint8)
    for row, strokes in enumerate(drawings):
        made[row] = make(strokes)
    return made


def _all_drawings(folder: Path, categories: list[str], limit: int | None, form: str) -> Iterator[np.ndarray]:
    """The drawings of each category, made by all cores where there are many categories."""
    jobs = -1 if len(categories) >= WORTHWHILE else 1
    tasks = (delayed(_category)(folder / f"{name}.ndjson", limit, form) for name in categories)
    made = Parallel(jobs, return_as="generator")(tasks)
    shown = sys.stderr.isatty()
    yield from tqdm(made, "reading strokes", len(categories), unit="category", disable=not shown, leave=False)


def _category(path: Path, limit: int | None, form: str) -> np.ndarray:
    def make() -> dict[str, np.ndarray]:
        drawings = read_strokes(path, limit)
        return {"images": in_form(drawings, len(drawings), form)}

    version = "3" if form == "bitmaps" else f"{form} 1"
    return cached("strokes", f"{version}:{fingerprint(path)}:{limit}", make)["images"]
