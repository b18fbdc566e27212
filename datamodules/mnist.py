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
        train_images, train_labels, test_images, test_labels = (read_idx(folder / name) for name in FILES)
        train = _checked(train_images, train_labels, folder / FILES[0])
        test = _checked(test_images, test_labels, folder / FILES[2])
        train = select(*train, DIGITS, categories, config.train_per_category)
        test = select(*test, DIGITS, categories, config.test_per_category)
        return ImageDataset("mnist", f"MNIST digits, from {folder}", categories, *train, *test)


def read_idx(path: Path) -> np.ndarray:
    """The array of a gzipped idx file of uint8; a damaged one is a `UserError`."""
    try:
        with gzip.open(path) as file:  # checks the CRC at the end
            content = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: not a whole gzip file ({reason_of(error)}); get it again.") from error
    axes = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    header = 4 + 4 * axes
    shape = [int(size) for size in np.frombuffer(content[4:header], ">u4")] if len(content) >= header else []
    if not shape or len(content) > LARGEST or len(content) != header + math.prod(shape):
        raise UserError(f"{path}: not a whole idx file of bytes; get it again.")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _fetch(url: str | None, path: Path) -> None:
    """Fetch a file that is missing, or damaged: one that an earlier version of this program left, say."""
    if path.is_file():
        try:
            read_idx(path)
            return
        except UserError:
            path.unlink()
    fetch_file((url or URL).rstrip("/") + "/" + path.name, path, None if url else MD5[path.name], read_idx)


def _wanted(config: Data) -> list[str]:
    return config.categories if isinstance(config.categories, list) else list(DIGITS)


def _checked(images: np.ndarray, labels: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if images.shape[1:] != (SIDE, SIDE) or labels.shape != images.shape[:1] or labels.max(initial=0) >= len(DIGITS):
        raise UserError(f"{path}: {images.shape} images with {labels.shape} labels are not MNIST; get the files again.")
    return images, labels.astype(np.int64)
