"""MNIST's handwritten digits (LeCun, Cortes and Burges), from the original idx files.

An idx file begins with two zero bytes, a byte for the type of its numbers (8: uint8), one for how many axes it has,
and the length of each axis as four bytes, the largest first; then the numbers follow.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from datamodules.downloads import fetch_file
from datamodules.image_dataset import SIDE, ImageDataset, all_among, data_root, select
from datamodules.images import ImageDataModule
from experiment.config import Data
from experiment.errors import UserError, reason_of

URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
"""Where the files are fetched from, unless `data.url` says otherwise."""
MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
"""The files' checksums at URL. Other copies of MNIST are the same images, compressed differently."""
FILES = tuple(MD5)
LARGEST = 1 << 30
"""Bytes that an unpacked file may have; MNIST's largest has 47 million."""
DIGITS = tuple("0123456789")


class MNISTDataModule(ImageDataModule):
    """MNIST: 60,000 + 10,000 digits, 28x28, grey."""

    NAME = "MNIST"

    def load(self, config: Data) -> ImageDataset:
        """From `data.root`, or `mnist` in it, where missing files are fetched to."""
        root = data_root(config)
        categories = all_among(_wanted(config), DIGITS, "MNIST has")
        if (root / FILES[0]).is_file():
            folder = root
        else:
            folder = root / "mnist"
            for name in FILES:
                _fetch(config.url, folder / name)
        parts = []
        limits = (config.train_per_category, config.test_per_category)
        for images, labels, limit in zip(FILES[::2], FILES[1::2], limits, strict=True):
            parts.append(select(*_pair(folder, images, labels), DIGITS, categories, limit, folder / labels))
        train, test = parts
        return ImageDataset("mnist", f"MNIST digits, from {folder}", categories, *train, *test)


def read_idx(path: Path) -> np.ndarray:
    """The array of a gzipped idx file of uint8; a damaged one is a `UserError`."""
    try:
        with gzip.open(path) as file:  # checks the CRC at the end
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; MNIST has four.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: not a whole gzip file ({reason_of(error)}); get it again.") from error
    axes = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    header = 4 + 4 * axes
    shape = [int(size) for size in np.frombuffer(content[4:header], ">u4")] if len(content) >= header else []
    if not shape or len(content) > LARGEST or len(content) != header + math.prod(shape):
        raise UserError(f"{path}: not a whole idx file of bytes; get it again.")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_file(path: Path) -> np.ndarray:
    """One of `FILES`: images (N, 28, 28) or labels (N,) from 0 to 9, uint8; others are a `UserError`."""
    array = read_idx(path)
    shape = (SIDE, SIDE) if "images" in path.name else ()
    if array.shape[1:] != shape or not len(array) or (not shape and array.max() >= len(DIGITS)):
        raise UserError(f"{path}: {array.shape} numbers up to {array.max(initial=0)} are not MNIST's; get it again.")
    return array


def _fetch(url: str | None, path: Path) -> None:
    """Fetch a file that is missing, or damaged: one that an earlier version of this program left, say."""
    if path.is_file():
        try:
            read_file(path)
            return
        except UserError:
            path.unlink()
    fetch_file((url or URL).rstrip("/") + "/" + path.name, path, None if url else MD5[path.name], read_file)


def _wanted(config: Data) -> list[str]:
    return config.categories if isinstance(config.categories, list) else list(DIGITS)


def _pair(folder: Path, images_file: str, labels_file: str) -> tuple[np.ndarray, np.ndarray]:
    images, labels = read_file(folder / images_file), read_file(folder / labels_file)
    if len(images) != len(labels):
        raise UserError(
            f"{folder / images_file}: {len(images)} images, but {labels_file} has {len(labels)} labels; get both again."
        )
    return images, labels.astype(np.int64)
