"""`bitmaps`: the official `numpy_bitmap/<category>.npy` files, on disk or fetched row by row.

A category's file has 100,000 drawings and more, in rows of 784 bytes behind a short header. HTTP range requests
bring the header and the rows needed and nothing else: 20 MB instead of 600 MB for five categories. What has
arrived is kept in a `.part` file, from which a broken download goes on. (pooch, which fetches whole files elsewhere,
knows no ranges.)
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from tokenize import TokenError  # of NumPy's reader of headers
from typing import IO, Any
from urllib.parse import quote

import numpy as np
from filelock import lock_descriptor
from tqdm import tqdm

from datamodules.downloads import RemoteFile, Unreachable
from datamodules.image_dataset import SIDE, ImageDataset, check_drawn, chosen_categories, load_images, share
from datamodules.on_disk import LARGE, ImagesOnDisk
from datamodules.sources.strokes import together
from experiment.config import Data
from experiment.errors import UserError
from experiment.files import atomic_write

URL = "https://storage.googleapis.com/quickdraw_dataset/full/numpy_bitmap/"
"""Where the official bitmaps are fetched from, unless `data.url` says otherwise."""
ROW = SIDE * SIDE
HEADER = 128
"""Bytes that surely hold the header of an official file (it is 80 long)."""
CHUNK = 512 * ROW
"""Bytes per request: small enough that little is lost when the line breaks."""


def find(root: Path, categories: list[str]) -> Path | None:
    """The folder that has the .npy file of every category: `root` itself, or `numpy_bitmap` in it."""
    folders = (root, root / "numpy_bitmap")
    return next((f for f in folders if all((f / f"{name}.npy").is_file() for name in categories)), None)


def load(config: Data, root: Path) -> ImageDataset:
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
    for path, *parts in zip(files, train, test, strict=True):
        check_drawn(np.concatenate(parts), path)
    return together("bitmaps", description, categories, train, test)


def _left_on_disk(
    description: str, categories: list[str], files: list[Path], train: list[int], test: list[int]
) -> ImageDataset:
    """The first drawings of each file for training and the next for the test; `train` and `test` say how many."""
    counts = list(zip(files, train, test, strict=True))
    train_images = ImagesOnDisk([(path, range(ours)) for path, ours, _ in counts], SIDE)
    test_images = ImagesOnDisk([(path, range(ours, ours + theirs)) for path, ours, theirs in counts], SIDE)
    numbers = np.arange(len(categories), dtype=np.int16)
    labels = np.repeat(numbers, train), np.repeat(numbers, test)
    return ImageDataset("bitmaps", description, categories, train_images, labels[0], test_images, labels[1])


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
    """Fetch the first `rows` drawings (all for None) of the .npy file at `url` into `path`.

    What arrives is kept in a file that is named after the identity of the file on the server, so that a broken
    download goes on only with the same file. The process that writes to it holds a lock on it; others wait.
    """
    remote = RemoteFile(url)
    available, offset = _read_header(remote)
    count = available if rows is None else min(rows, available)
    part = path.with_name(f"{path.name}.{remote.identity}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(part) as file:
        if not path.is_file():  # no other process has fetched it meanwhile
            _complete(file, remote, offset, count * ROW, bar)
            _write_npy(path, file, count)
        for old in path.parent.glob(f"{escape(path.name)}.*part"):  # this one, and those of what the server had before
            old.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to go on writing, once no other process does; it is removed if it stays empty."""
    while True:
        with open(path, "a+b") as file:
            lock_descriptor(file.fileno())
            if not (path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())):
                continue  # the process that held the lock has finished and removed it
            try:
                yield file
            finally:
                if not os.fstat(file.fileno()).st_size:
                    path.unlink(missing_ok=True)
            return


def _complete(file: IO[bytes], remote: RemoteFile, offset: int, size: int, bar: Any) -> None:
    """Append to `file`, which has the first of `size` bytes that begin at `offset` of the remote file, the others."""
    file.seek(0, os.SEEK_END)
    file.truncate(min(file.tell() // ROW * ROW, size))
    file.seek(0, os.SEEK_END)
    if bar is not None:
        bar.total = (bar.total or 0) + size
        bar.update(file.tell())
    while (done := file.tell()) < size:
        wanted = min(CHUNK, size - done)
        piece = remote.read(offset + done, wanted)
        if len(piece) != wanted:
            kept = f": the {done:,} bytes before are kept" if done else ""
            raise UserError(f"{remote.url}: {len(piece)} bytes came instead of {wanted} (cut short); run again{kept}.")
        file.write(piece)
        if bar is not None:
            bar.update(len(piece))


def _write_npy(path: Path, rows: IO[bytes], count: int) -> None:
    """Put a header before the bytes of `rows`, and check that they are as many as it says."""
    with atomic_write(path) as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (count, ROW)})
        start = file.tell()
        rows.seek(0)
        shutil.copyfileobj(rows, file)
        if file.tell() - start != count * ROW:
            raise UserError(f"{path}: {file.tell() - start} bytes were fetched for {count} drawings; run again.")


def _read_header(remote: RemoteFile) -> tuple[int, int]:
    """The number of drawings in the file, and the byte at which the first begins."""
    url, start = remote.url, remote.read(0, HEADER)
    if not start.startswith(b"\x93NUMPY"):
        raise Unreachable(f"{url}: answered with something else than a .npy file (an error page?); check --data.url.")
    try:
        file = io.BytesIO(start)
        np.lib.format.read_magic(file)
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    except (ValueError, SyntaxError, TokenError) as error:
        raise UserError(f"{url}: not a whole .npy file; check --data.url.") from error
    if fortran_order or dtype != np.uint8 or shape[1:] != (ROW,) or not shape[0]:
        raise UserError(f"{url}: not drawings of {ROW} bytes each (shape {shape}, {dtype}); check --data.url.")
    if not remote.identity:
        raise UserError(f"{url}: the server does not answer requests for ranges; take another --data.url.")
    if file.tell() + shape[0] * ROW != remote.size:
        raise UserError(f"{url}: {remote.size} bytes are not {shape[0]} drawings (cut short?); check --data.url.")
    return shape[0], file.tell()
