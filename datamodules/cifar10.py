"""CIFAR-10 (Krizhevsky 2009): photographs of ten kinds of things, from the official binary version.

A file is a row of records of 3,073 bytes: the label, then 1,024 bytes each of red, green and blue, row by row.
"""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path

import numpy as np

from datamodules.downloads import PIECE, fetched
from datamodules.image_dataset import ImageDataset, all_among, data_root, select
from datamodules.images import ImageDataModule
from experiment.config import Data
from experiment.errors import UserError, reason_of
from experiment.files import atomic_write

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
"""Where the archive is fetched from, unless `data.url` says otherwise."""
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
"""The archive's published checksum."""
TEST = "test_batch.bin"
FOLDER = "cifar-10-batches-bin"
NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
OFFICIAL = 50_000
"""Training images in the whole of CIFAR-10."""
LARGEST = 1 << 28
"""Bytes that the archive may have, unpacked: CIFAR-10's has 184 million."""


class CIFAR10DataModule(ImageDataModule):
    """CIFAR-10: 50,000 + 10,000 photographs, 32x32, in colour. Training uses the data_batch files that exist."""

    NAME = "CIFAR-10"

    def load(self, config: Data) -> ImageDataset:
        """From `data.root`, or `cifar-10-batches-bin` in it, where the archive is fetched to."""
        root = data_root(config)
        wanted = config.categories if isinstance(config.categories, list) else NAMES
        categories = all_among(wanted, NAMES, "CIFAR-10 has")
        folder = root if (root / TEST).is_file() else root / FOLDER
        if not (folder / TEST).is_file():
            _fetch(config.url, folder)
        files = sorted(folder.glob("data_batch_*.bin"))
        if not files:
            raise UserError(f"{folder}: no data_batch_*.bin there; get CIFAR-10's binary version again.")
        train_images, train_labels = (np.concatenate(part) for part in zip(*map(read_records, files), strict=True))
        where = files[0] if len(files) == 1 else folder / "data_batch_*.bin"
        train = select(train_images, train_labels, NAMES, categories, config.train_per_category, where)
        test = select(*read_records(folder / TEST), NAMES, categories, config.test_per_category, folder / TEST)
        part = "" if len(train_labels) == OFFICIAL else f" (only {len(files)} of 5 training files)"
        return ImageDataset("cifar10", f"CIFAR-10 photographs, from {folder}{part}", categories, *train, *test)


def read_records(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 32, 32, 3) uint8 and labels (N,) int64 of a file; a damaged one is a `UserError`."""
    records = _records(np.fromfile(path, np.uint8), str(path))
    return records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1).copy(), records[:, 0].astype(np.int64)


def _records(content: np.ndarray, where: str) -> np.ndarray:
    """The bytes of a file as (N, RECORD), if that is what they are."""
    if not len(content) or len(content) % RECORD:
        raise UserError(f"{where}: {len(content)} bytes are not whole records of {RECORD}; get the file again.")
    records = content.reshape(-1, RECORD)
    wrong = np.flatnonzero(records[:, 0] >= len(NAMES))
    if len(wrong):
        label = records[wrong[0], 0]
        raise UserError(f"{where}: label {label} in record {wrong[0]}; labels must be 0 to 9. Get the file again.")
    return records


def _fetch(url: str | None, folder: Path) -> None:
    """Unpack into `folder` the archive beside it; if there is none, fetch it, and do not keep it."""
    archive = folder.parent / "cifar-10-binary.tar.gz"
    if archive.is_file():
        check_archive(archive)
        _unpack(archive, folder)
        return
    with fetched(url or URL, archive, None if url else MD5, check_archive) as temporary:
        _unpack(temporary, folder)


def check_archive(path: Path) -> None:
    """Read all of an archive and its files, up to gzip's CRC at its end; a damaged one is a `UserError`."""
    names = set()
    try:
        with gzip.open(path) as content, tarfile.open(fileobj=content, mode="r|") as tar:
            for member in tar:
                if content.tell() + member.size > LARGEST:
                    raise UserError(f"{path}: larger than CIFAR-10's binary version; get it again.")
                if _is_wanted(member):
                    names.add(Path(member.name).name)
                    file = tar.extractfile(member)
                    assert file is not None
                    _records(np.frombuffer(file.read(), np.uint8), f"{path}, {member.name}")
            while content.read(PIECE):
                pass
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise UserError(
            f"{path}: not a whole archive of CIFAR-10's binary version ({reason_of(error)}); get it again."
        ) from error
    for name, there in ((TEST, TEST in names), ("data_batch_*.bin", bool(names - {TEST}))):
        if not there:
            raise UserError(f"{path}: has no {name}; get CIFAR-10's binary version.")


def _is_wanted(member: tarfile.TarInfo) -> bool:
    name = Path(member.name)
    return member.isfile() and (name.name == TEST or name.match("data_batch_*.bin"))


def _unpack(archive: Path, folder: Path) -> None:
    """Take out the .bin files, the test's last: it shows that all are there."""
    with tarfile.open(archive) as tar:
        members = {Path(member.name).name: member for member in tar.getmembers() if _is_wanted(member)}
        for name in sorted(members):
            source = tar.extractfile(members[name])
            assert source is not None
            with atomic_write(folder / name) as file:
                shutil.copyfileobj(source, file)
