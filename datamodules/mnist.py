"""MNIST's handwritten digits (LeCun, Cortes and Burges), from the original idx files.

An idx file begins with two zero bytes, a byte for the type of its numbers (8: uint8), one for how many axes it has,
and the length of each axis as four bytes, the largest first; then the numbers follow.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from datamodules.downloads import fetch_file
from datamodules.drawings import SIDE, Drawings, all_among, data_root, select
from datamodules.images import ImageDataModule
from experiment.config import Data
from experiment.errors import UserError

URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
"""Where the files are fetched from, unless `data.url` says otherwise."""
FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
DIGITS = tuple("0123456789")


class MNISTDataModule(ImageDataModule):
    """MNIST: 60,000 + 10,000 digits, 28x28, grey."""

    NAME = "MNIST"

    def load(self, config: Data) -> Drawings:
        """From `data.root`, or `mnist` in it, where missing files are fetched to."""
        root = data_root(config)
        categories = all_among(_wanted(config), DIGITS, "MNIST has")
        folder = root if (root / FILES[0]).is_file() else root / "mnist"
        for name in FILES:
            if not (folder / name).is_file():
                fetch_file((config.url or URL).rstrip("/") + "/" + name, folder / name)
        train_images, train_labels, test_images, test_labels = (read_idx(folder / name) for name in FILES)
        train = _checked(train_images, train_labels, folder / FILES[0])
        test = _checked(test_images, test_labels, folder / FILES[2])
        train = select(*train, DIGITS, categories, config.train_per_category)
        test = select(*test, DIGITS, categories, config.test_per_category)
        return Drawings("mnist", f"MNIST digits, from {folder}", categories, *train, *test)


def read_idx(path: Path) -> np.ndarray:
    """The array of a gzipped idx file of uint8; a damaged one is a `UserError`."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: not a whole gzip file ({error}); get it again.") from error
    axes = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    shape = tuple(int(size) for size in np.frombuffer(content[4 : 4 + 4 * axes], ">i4"))
    if not axes or len(content) != 4 + 4 * axes + np.prod(shape):
        raise UserError(f"{path}: not a whole idx file of bytes; get it again.")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _wanted(config: Data) -> list[str]:
    return config.categories if isinstance(config.categories, list) else list(DIGITS)


def _checked(images: np.ndarray, labels: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    if images.shape[1:] != (SIDE, SIDE) or labels.shape != images.shape[:1] or labels.max(initial=0) >= len(DIGITS):
        raise UserError(f"{path}: {images.shape} images with {labels.shape} labels are not MNIST; get the files again.")
    return images, labels.astype(np.int64)
