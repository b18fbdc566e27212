"""CIFAR-10 (Krizhevsky 2009): photographs of ten kinds of things, from the official binary version.

A file is a row of records of 3,073 bytes: the label, then 1,024 bytes each of red, green and blue, row by row.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import numpy as np

from datamodules.downloads import fetch_file
from datamodules.drawings import Drawings, all_among, data_root, select
from datamodules.images import ImageDataModule
from experiment.config import Data
from experiment.errors import UserError
from experiment.files import written_whole

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
"""Where the archive is fetched from, unless `data.url` says otherwise."""
FOLDER = "cifar-10-batches-bin"
NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
OFFICIAL = 50_000
"""Training images in the whole of CIFAR-10."""


class CIFAR10DataModule(ImageDataModule):
    """CIFAR-10: 50,000 + 10,000 photographs, 32x32, in colour. Training takes whichever data_batch files are there."""

    NAME = "CIFAR-10"

    def load(self, config: Data) -> Drawings:
        """From `data.root`, or `cifar-10-batches-bin` in it, where the archive is fetched to."""
        root = data_root(config)
        wanted = config.categories if isinstance(config.categories, list) else NAMES
        categories = all_among(wanted, NAMES, "CIFAR-10 has")
        folder = root if (root / "test_batch.bin").is_file() else root / FOLDER
        if not (folder / "test_batch.bin").is_file():
            _fetch(config.url or URL, folder)
        files = sorted(folder.glob("data_batch_*.bin"))
        if not files:
            raise UserError(f"{folder}: no data_batch_*.bin there; get CIFAR-10's binary version again.")
        train_images, train_labels = (np.concatenate(part) for part in zip(*map(read_records, files), strict=True))
        train = select(train_images, train_labels, NAMES, categories, config.train_per_category)
        test = select(*read_records(folder / "test_batch.bin"), NAMES, categories, config.test_per_category)
        part = "" if len(train_labels) == OFFICIAL else f" (only {len(files)} of 5 training files)"
        return Drawings("cifar10", f"CIFAR-10 photographs, from {folder}{part}", categories, *train, *test)


def read_records(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 32, 32, 3) uint8 and labels (N,) int64 of a file; a damaged one is a `UserError`."""
    content = np.fromfile(path, np.uint8)
    if not len(content) or len(content) % RECORD:
        raise UserError(f"{path}: {len(content)} bytes are not whole records of {RECORD}; get the file again.")
    records = content.reshape(-1, RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= len(NAMES):
        row = int((labels >= len(NAMES)).argmax())
        raise UserError(f"{path}: label {labels[row]} in record {row}; labels must be 0 to 9. Get the file again.")
    return records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1).copy(), labels


def _fetch(url: str, folder: Path) -> None:
    """Unpack the archive beside `folder` into it; fetch the archive first, and remove it again, if none is there."""
    archive = folder.parent / "cifar-10-binary.tar.gz"
    if archive.is_file():
        _unpack(archive, str(archive), folder)
        return
    fetch_file(url, archive)
    try:
        _unpack(archive, url, folder)
    finally:
        archive.unlink()


def _unpack(archive: Path, origin: str, folder: Path) -> None:
    """Take out the .bin files, the test's last: it shows that all are there."""
    try:
        with tarfile.open(archive) as tar:
            members = {Path(member.name).name: member for member in tar.getmembers() if member.name.endswith(".bin")}
            if "test_batch.bin" not in members:
                raise UserError(f"{origin}: has no test_batch.bin; get CIFAR-10's binary version, or check --data.url.")
            folder.mkdir(exist_ok=True)
            for name in sorted(members):
                source = tar.extractfile(members[name])
                assert source is not None
                with written_whole(folder / name) as file:
                    shutil.copyfileobj(source, file)
    except (tarfile.TarError, EOFError, AssertionError) as error:
        raise UserError(
            f"{origin}: not a whole archive of CIFAR-10's binary version; get it again, or check --data.url."
        ) from error
