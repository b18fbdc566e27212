"""MNIST and CIFAR-10: their files, what is refused, and fetching them from a server on loopback."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.cifar10 import CIFAR10DataModule
from datamodules.mnist import FILES, read_idx
from datamodules.registry import make_data
from experiment.config import Augmentation, Data, Experiment
from experiment.errors import UserError


def idx(array: np.ndarray) -> bytes:
    """An idx file, gzipped."""
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes())


def make_mnist(folder: Path, train: int = 60, test: int = 20) -> Path:
    """MNIST's four files with random images; the label is i % 10."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for count, names in ((train, FILES[:2]), (test, FILES[2:])):
        (folder / names[0]).write_bytes(idx(random.integers(0, 256, (count, 28, 28)).astype(np.uint8)))
        (folder / names[1]).write_bytes(idx((np.arange(count) % 10).astype(np.uint8)))
    return folder


def records(count: int) -> bytes:
    """CIFAR-10 records; image i is label i % 10, red 1, green 2, blue 3, but for its first red byte, which is i."""
    record = np.repeat(np.array([0, 1, 2, 3], np.uint8), [1, 1024, 1024, 1024])
    table = np.tile(record, (count, 1))
    table[:, 0], table[:, 1] = np.arange(count) % 10, np.arange(count)
    return table.tobytes()


def make_cifar10(folder: Path, count: int = 40) -> Path:
    """CIFAR-10's files, of which there are two for training."""
    folder.mkdir(parents=True)
    for name in ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"):
        (folder / name).write_bytes(records(count))
    return folder


def load(dataset: Any, root: Path, **options: Any) -> Any:
    return make_data(Experiment(data=Data(dataset=dataset, root=str(root), batch_size=16, **options)))


def test_mnist_is_read_as_it_is(tmp_path: Path) -> None:
    folder = make_mnist(tmp_path / "mnist")
    data = load("mnist", tmp_path)
    assert data.shape == (1, 28, 28) and data.categories == list("0123456789")
    assert data.label == "MNIST" and data.description.startswith("mnist: MNIST digits")
    assert {split: len(rows) for split, rows in data.rows.items()} == {"train": 54, "validation": 6, "test": 20}
    np.testing.assert_array_equal(data.images("test"), read_idx(folder / FILES[2]))
    np.testing.assert_array_equal(data.labels("test"), np.arange(20) % 10)
    images, labels = next(data.batches("train"))
    assert images.shape == (16, 1, 28, 28) and labels.dtype == np.int64


def test_cifar10_is_read_with_its_colours(tmp_path: Path) -> None:
    make_cifar10(tmp_path / "cifar-10-batches-bin")
    data = load("cifar10", tmp_path)
    assert data.shape == (3, 32, 32) and data.categories[0] == "airplane"
    assert "only 2 of 5 training files" in data.description
    assert [len(rows) for rows in data.rows.values()] == [72, 8, 40]
    image = data.images("test")[7]
    assert image.shape == (32, 32, 3) and image[0, 0].tolist() == [7, 2, 3] and image[31, 31].tolist() == [1, 2, 3]
    images, _ = next(data.batches("test"))
    assert images.shape == (16, 3, 32, 32) and images.flags.c_contiguous
    np.testing.assert_allclose(images[7, :, 0, 0] * 255, [7, 2, 3], rtol=1e-6)


@pytest.mark.parametrize(("dataset", "make"), [("mnist", make_mnist), ("cifar10", make_cifar10)])
def test_categories_and_limits(dataset: str, make: Callable[[Path], Path], tmp_path: Path) -> None:
    make(tmp_path / "files")
    names = load(dataset, tmp_path / "files").categories
    data = load(dataset, tmp_path / "files", categories=[names[3], names[1]], train_per_category=4, test_per_category=1)
    assert data.categories == [names[3], names[1]]
    assert sorted([*data.labels("train"), *data.labels("validation")]) == [0] * 4 + [1] * 4
    assert sorted(data.labels("test")) == [0, 1]
    with pytest.raises(UserError, match=r"--data\.categories: .* has only .*, not rabbit"):
        load(dataset, tmp_path / "files", categories=["rabbit", names[0]])


def test_colours_are_augmented_alike(tmp_path: Path) -> None:
    make_cifar10(tmp_path / "files")
    augmentation = Augmentation(rotation=10, shift=2, flip=0.5)
    data = load("cifar10", tmp_path / "files", augmentation=augmentation)
    images = np.concatenate([images for images, _ in data.batches("train", 1)])[:, :, 8:24, 8:24] * 255
    for channel, value in enumerate((1, 2, 3)):
        np.testing.assert_allclose(images[:, channel], value, atol=1e-4)


BAD: dict[str, tuple[str, str, bytes, str]] = {
    "idx cut short": ("mnist", FILES[0], idx(np.zeros((60, 28, 28), np.uint8))[:-40], "not a whole gzip file"),
    "not gzip": ("mnist", FILES[1], b"hello", "not a whole gzip file"),
    "not idx": ("mnist", FILES[1], gzip.compress(b"hello"), "not a whole idx file"),
    "other numbers": ("mnist", FILES[1], gzip.compress(b"\0\0\x0d\1\0\0\0\1\0\0\0\0"), "not a whole idx file"),
    "other shape": ("mnist", FILES[0], idx(np.zeros((60, 9, 9), np.uint8)), "are not MNIST"),
    "fewer labels": ("mnist", FILES[1], idx(np.zeros(59, np.uint8)), "has 59 labels"),
    "one class": ("mnist", FILES[3], idx(np.zeros(20, np.uint8)), "no image of '1'"),
    "no images": ("mnist", FILES[0], idx(np.zeros((0, 28, 28), np.uint8)), "are not MNIST"),
    "labels for images": ("mnist", FILES[0], idx(np.zeros(60, np.uint8)), "are not MNIST"),
    "label 10": ("mnist", FILES[1], idx(np.full(60, 10, np.uint8)), "are not MNIST"),
    "record cut short": ("cifar10", "data_batch_2.bin", records(40)[:-1], "not whole records"),
    "empty": ("cifar10", "test_batch.bin", b"", "not whole records"),
    "label 77": ("cifar10", "data_batch_1.bin", b"\x4d" + records(40)[1:], "label 77 in record 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_damaged_files_are_refused(case: str, tmp_path: Path) -> None:
    dataset, name, content, words = BAD[case]
    folder = (make_mnist if dataset == "mnist" else make_cifar10)(tmp_path / "files")
    (folder / name).write_bytes(content)
    with pytest.raises(UserError, match=words) as refusal:
        load(dataset, folder)
    assert name in str(refusal.value) or "MNIST" in words


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on loopback, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as web:
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}", folder
        web.shutdown()


def test_mnist_is_fetched_once(server: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = server
    make_mnist(folder / "mnist")
    (tmp_path / "root").mkdir()
    first = load("mnist", tmp_path / "root", url=f"{url}/mnist/")
    again = load("mnist", tmp_path / "root", url="http://127.0.0.1:9/")
    assert first.dataset.checksums() == again.dataset.checksums()


def test_cifar10_is_fetched_and_unpacked(server: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = server
    make_cifar10(tmp_path / "whole")
    with tarfile.open(folder / "cifar.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "whole", "cifar-10-batches-bin")
        evil = tarfile.TarInfo("../../evil.bin")
        archive.addfile(evil, io.BytesIO())
    (tmp_path / "root").mkdir()
    data = load("cifar10", tmp_path / "root", url=f"{url}/cifar.tar.gz")
    assert isinstance(data, CIFAR10DataModule) and len(data.labels("test")) == 40
    assert not (tmp_path.parent / "evil.bin").exists() and not (tmp_path / "evil.bin").exists()
    assert not list((tmp_path / "root").rglob("*.tar.gz")) and not list((tmp_path / "root").rglob("*.tmp"))
    (tmp_path / "brought").mkdir()
    shutil.copy(folder / "cifar.tar.gz", tmp_path / "brought" / "cifar-10-binary.tar.gz")
    brought = load("cifar10", tmp_path / "brought", url="http://127.0.0.1:9/")
    assert brought.dataset.checksums() == data.dataset.checksums()


@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_what_cannot_be_fetched_is_said(dataset: str, server: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = server
    (tmp_path / "root").mkdir()
    with pytest.raises(UserError, match="could not be fetched"):
        load(dataset, tmp_path / "root", url=f"{url}/nowhere.tar.gz")
    (folder / "page.tar.gz").write_text("<html>an error page</html>")
    if dataset == "cifar10":
        with pytest.raises(UserError, match="not a whole archive"):
            load(dataset, tmp_path / "root", url=f"{url}/page.tar.gz")
    assert not list((tmp_path / "root").iterdir())


def test_real_slices_are_read(real_data: Path) -> None:
    digits, photographs = (load(name, real_data, test_per_category=None) for name in ("mnist", "cifar10"))
    assert len(digits.labels("test")) == 10_000 and len(photographs.labels("test")) == 5_000
    assert digits.images("test").mean() == pytest.approx(33.79, abs=0.01)
    assert np.bincount(photographs.labels("test")).tolist() == [500] * 10
