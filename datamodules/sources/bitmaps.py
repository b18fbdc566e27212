"""`bitmaps`: the official `numpy_bitmap/<category>.npy` files, on disk or fetched row by row.

A category's file has 100,000 drawings and more, in rows of 784 bytes behind a short header. HTTP range requests
bring the header and the rows needed and nothing else: 20 MB instead of 600 MB for five categories. What has
arrived is kept in a `.part` file, from which a broken download goes on.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from tqdm import tqdm

from datamodules.downloads import web_files
from datamodules.drawings import SIDE, Drawings, chosen_categories, load_images, share
from datamodules.on_disk import LARGE, ImagesOnDisk
from datamodules.sources.strokes import together
from experiment.config import Data
from experiment.errors import UserError
from experiment.files import written_whole

URL = "https://storage.googleapis.com/quickdraw_dataset/full/numpy_bitmap/"
"""Where the official bitmaps are fetched from, unless `data.url` says otherwise."""
ROW = SIDE * SIDE
HEADER = 128
"""Bytes that surely hold the header of an official file (it is 80 long)."""
CHUNK = 512 * ROW
"""Bytes per request: small enough that little is lost when the line breaks."""


class Unreachable(UserError):
    """Not even the first byte could be fetched; `auto` falls back to doodles on this."""


def find(root: Path, categories: list[str]) -> Path | None:
    """The folder that has the .npy file of every category: `root` itself, or `numpy_bitmap` in it."""
    folders = (root, root / "numpy_bitmap")
    return next((f for f in folders if all((f / f"{name}.npy").is_file() for name in categories)), None)


def load(config: Data, root: Path) -> Drawings:
    """Take the first drawings of each category for training and the next for the test, fetching what is missing."""
    categories = chosen_categories(config)
    folder = find(root, categories)
    if folder is None:
        origin = f"{config.url or URL} (kept in {root / 'fetched_bitmaps'})"
        files = _fetch_all(config, root / "fetched_bitmaps", categories)
    else:
        origin = str(folder)
        files = [folder / f"{name}.npy" for name in categories]
    train: list[np.ndarray] = []
    test: list[np.ndarray] = []
    for path in files:
        images = load_images(path, mmap=True)
        ours, theirs = share(len(images), config.train_per_category, config.test_per_category)
        if ours < 1 or theirs < 1:
            raise UserError(f"{path}: {len(images)} drawings are too few; two at least.")
        train.append(images[:ours])
        test.append(images[ours : ours + theirs])
    description = f"Quick, Draw! official bitmaps, from {origin}"
    if sum(images.nbytes for images in train + test) >= LARGE:
        counts = ([len(each) for each in part] for part in (train, test))
        return _left_on_disk(description, categories, files, *counts)
    return together("bitmaps", description, categories, train, test)


def _left_on_disk(
    description: str, categories: list[str], files: list[Path], train: list[int], test: list[int]
) -> Drawings:
    """So many drawings of each file for training and the next for the test, read when they are needed."""
    counts = list(zip(files, train, test, strict=True))
    train_images = ImagesOnDisk([(path, range(ours)) for path, ours, _ in counts], SIDE)
    test_images = ImagesOnDisk([(path, range(ours, ours + theirs)) for path, ours, theirs in counts], SIDE)
    numbers = np.arange(len(categories), dtype=np.int16)
    labels = np.repeat(numbers, train), np.repeat(numbers, test)
    return Drawings("bitmaps", description, categories, train_images, labels[0], test_images, labels[1])


def _fetch_all(config: Data, folder: Path, categories: list[str]) -> list[Path]:
    if config.train_per_category is None or config.test_per_category is None:
        rows = None
    else:
        rows = config.train_per_category + config.test_per_category
    files = [folder / f"{name}.{'all' if rows is None else rows}.npy" for name in categories]
    missing = [(name, path) for name, path in zip(categories, files, strict=True) if not path.is_file()]
    with tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty() or not missing, leave=False) as bar:
        for name, path in missing:
            bar.set_description(f"fetching {name}")
            fetch((config.url or URL).rstrip("/") + "/" + quote(f"{name}.npy"), path, rows, bar)
    return files


def fetch(url: str, path: Path, rows: int | None, bar: Any = None) -> None:
    """Fetch the first `rows` drawings (all for None) of the .npy file at `url` into `path`."""
    web = web_files()
    available, offset = _read_header(url, _get(web, url, 0, HEADER, Unreachable))
    count = available if rows is None else min(rows, available)
    part = path.with_name(path.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with open(part, "ab") as file:
        file.truncate(min(file.tell() // ROW * ROW, count * ROW))
        file.seek(0, io.SEEK_END)
        if bar is not None:
            bar.total = (bar.total or 0) + count * ROW
            bar.update(file.tell())
        while (done := file.tell()) < count * ROW:
            size = min(CHUNK, count * ROW - done)
            piece = _get(web, url, offset + done, size, UserError)
            file.write(piece)
            if bar is not None:
                bar.update(len(piece))
    with written_whole(path) as whole:
        np.lib.format.write_array_header_1_0(whole, {"descr": "|u1", "fortran_order": False, "shape": (count, ROW)})
        whole.write(part.read_bytes())
    part.unlink()


def _get(web: Any, url: str, start: int, size: int, failure: type[UserError]) -> bytes:
    try:
        piece = bytes(web.cat_file(url, start=start, end=start + size))
    except FileNotFoundError as error:
        raise UserError(f"{url}: no such file on the server; check --data.url and the category's name.") from error
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise failure(f"{url}: could not be fetched ({reason[:200]}); run again with a network.") from error
    if start == 0 and not piece.startswith(b"\x93NUMPY"):
        raise failure(f"{url}: answered with something else than a .npy file (an error page?); check --data.url.")
    if len(piece) != size:
        raise failure(
            f"{url}: {len(piece)} bytes came instead of the {size} asked for (cut short, or no range requests); "
            "run again: what has arrived is kept."
        )
    return piece


def _read_header(url: str, start: bytes) -> tuple[int, int]:
    """The number of drawings in the file, and the byte at which the first begins."""
    try:
        file = io.BytesIO(start)
        np.lib.format.read_magic(file)
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    except ValueError as error:
        raise UserError(f"{url}: not a whole .npy file; check --data.url.") from error
    if fortran_order or dtype != np.uint8 or shape[1:] != (ROW,) or not shape[0]:
        raise UserError(f"{url}: not drawings of {ROW} bytes each (shape {shape}, {dtype}); check --data.url.")
    return shape[0], file.tell()
