"""Images that stay on disk: the same ones, each once an epoch, in an order that is a function of (seed, epoch)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datamodules.on_disk import ImagesOnDisk
from datamodules.registry import make_data
from experiment.config import Data, Experiment, Softmax, Trainer
from tests.conftest import make_official
from training.program import begin
from training.results import save_results
from training.tracks import TRACKS, load_track

NAMES = ["cat", "dog", "sea turtle"]


@pytest.fixture
def on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """Official files that are left on disk, read 96 rows at a time."""
    make_official(tmp_path / "bitmaps", NAMES, 400)
    monkeypatch.setattr("datamodules.sources.bitmaps.LARGE", 0)
    for module in ("datamodules.images", "datamodules.on_disk"):
        monkeypatch.setattr(f"{module}.GROUP", 96)
    monkeypatch.setattr("datamodules.on_disk.BLOCK", 8)
    root = str(tmp_path / "bitmaps")
    data = Data(source="bitmaps", root=root, categories=NAMES, train_per_category=None, test_per_category=7)
    return Experiment(data=data, logs_root=str(tmp_path / "logs"), figures=False)


def test_they_are_those_in_memory(on_disk: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    large = make_data(on_disk)
    monkeypatch.setattr("datamodules.sources.bitmaps.LARGE", 1 << 40)
    small = make_data(on_disk)
    assert isinstance(large.dataset.train_images, ImagesOnDisk)
    assert isinstance(small.dataset.train_images, np.ndarray)
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(large.images(split), small.images(split))
        np.testing.assert_array_equal(large.labels(split), small.labels(split))
    for ours, theirs in zip(large.batches("validation"), small.batches("validation"), strict=True):
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(mine, other)
            assert mine.dtype == other.dtype
    picked = np.array([5, 0, 5, 20])
    np.testing.assert_array_equal(large.images("test", picked), small.images("test")[picked])


def test_an_epoch_has_every_drawing_once_in_an_order_of_its_own(on_disk: Experiment) -> None:
    data, again = make_data(on_disk), make_data(on_disk)
    rows, truth = data.images("train").reshape(-1, 784) * np.float32(1 / 255), data.labels("train")
    orders = []
    for epoch in (0, 1):
        batches = list(data.batches("train", epoch))
        images = np.concatenate([images.reshape(-1, 784) for images, _ in batches])
        labels = np.concatenate([labels for _, labels in batches])
        mine, theirs = np.lexsort(images.T), np.lexsort(rows.T)
        np.testing.assert_array_equal(images[mine], rows[theirs])
        np.testing.assert_array_equal(labels[mine], truth[theirs])
        assert np.mean(labels[1:] != labels[:-1]) > 0.5  # neighbours are of different categories
        orders.append(images)
    assert (orders[0] != orders[1]).any()
    np.testing.assert_array_equal(orders[1], np.concatenate([b[0].reshape(-1, 784) for b in again.batches("train", 1)]))


def test_checksums_tell_data_apart(on_disk: Experiment) -> None:
    one, same = (make_data(on_disk).dataset.checksums() for _ in range(2))
    assert one == same
    make_official(Path(str(on_disk.data.root)), ["dog", "cat", "sea turtle"], 400)
    assert make_data(on_disk).dataset.checksums()["train_images"] != one["train_images"]


def test_both_tracks_learn_the_same_from_disk(on_disk: Experiment) -> None:
    experiment = replace(on_disk, softmax=Softmax(hidden_dims=[4]), trainer=Trainer(max_epochs=2, dtype="float64"))
    ends = []
    for track in TRACKS:
        data = make_data(experiment)
        run = begin(experiment, track, data, data.metadata())
        outcome = load_track(track).trainer.train(experiment, data, run, False)
        save_results(run, experiment, track, data, data.metadata(), outcome)
        assert (run.folder / "metrics.json").is_file()
        ends.append(outcome.history[-1]["train/loss"])
    assert ends[0] == pytest.approx(ends[1], abs=1e-12)
