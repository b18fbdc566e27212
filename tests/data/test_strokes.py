"""Drawings as sequences of points: what is stored, what the networks get, augmentation, and the split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules import cache
from datamodules.quickdraw import QuickDrawDataModule
from datamodules.rasterize import rasterize
from datamodules.sequences import (
    LIFTED,
    PADDING,
    POINTS,
    REAL,
    as_points,
    as_sequences,
    lengths,
    to_sequence,
    to_strokes,
    trimmed,
)
from datamodules.stroke_augmentation import augment_points
from experiment.config import Augmentation, Data, Experiment
from experiment.errors import UserError

EVERYTHING = Augmentation(rotation=20, scale=0.2, shear=10, shift=2, flip=0.5, drop_strokes=0.5, reorder=0.5, jitter=3)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")


def experiment(form: Any = "strokes", **fields: Any) -> Experiment:
    few: dict[str, Any] = {"source": "doodles", "train_per_category": 20, "test_per_category": 5, "batch_size": 16}
    return Experiment(model="sequence" if form == "strokes" else "softmax", data=Data(form=form, **few | fields))


def a_batch(count: int = 40) -> np.ndarray:
    """Stored sequences of real doodles."""
    data = QuickDrawDataModule(experiment())
    return data.images("train", np.arange(count))


def test_strokes_survive_being_stored() -> None:
    strokes = [np.array([[0.0, 255, 255], [0, 0, 100]]), np.array([[7.0], [9]])]
    sequence = to_sequence(strokes)
    assert sequence.shape == (POINTS, 3) and lengths(sequence[None]) == [4]
    assert sequence[:5, 2].tolist() == [1, 1, LIFTED, LIFTED, PADDING]
    back = to_strokes(sequence)
    assert [stroke.shape for stroke in back] == [(2, 3), (2, 1)]
    middle = np.array([[0.0], [78]])  # (255 - 100) / 2, rounded: the drawing stands in the middle
    np.testing.assert_array_equal(back[0], strokes[0] + middle)


@pytest.mark.parametrize(("count", "points"), [(1, 500), (60, 3), (200, 2), (97, 1), (1, 1)])
def test_long_drawings_are_simplified_until_they_fit(count: int, points: int) -> None:
    random = np.random.default_rng(count)
    strokes = [random.uniform(0, 255, (2, points)) for _ in range(count)]
    sequence = to_sequence(strokes)
    assert 0 < lengths(sequence[None])[0] <= POINTS
    assert sequence[lengths(sequence[None])[0] - 1, 2] == LIFTED


def test_networks_get_differences_and_a_mask() -> None:
    sequence = to_sequence([np.array([[0.0, 255, 255], [0, 0, 255]])])[None]
    numbers = as_sequences(sequence, np.dtype("float64"))[0]
    np.testing.assert_allclose(numbers[:3, 2:4] * 32, [[0, 0], [255, 0], [0, 255]])
    assert numbers[:, REAL].tolist() == [1] * 3 + [0] * (POINTS - 3) and not numbers[3:].any()
    assert numbers[:3, 4].tolist() == [0, 0, 1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_points_come_back_from_what_networks_get(dtype: str) -> None:
    stored = a_batch()
    np.testing.assert_array_equal(np.rint(as_points(as_sequences(stored, np.dtype(dtype)))), stored)


def test_split_and_labels_are_those_of_the_bitmaps() -> None:
    strokes, bitmaps = (QuickDrawDataModule(experiment(form)) for form in ("strokes", "bitmaps"))
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(strokes.rows[split], bitmaps.rows[split])
        np.testing.assert_array_equal(strokes.labels(split), bitmaps.labels(split))
    drawn = np.stack([rasterize(to_strokes(sequence)) for sequence in strokes.images("test")]).astype(float)
    away = np.abs(drawn - bitmaps.images("test")).mean(axis=(1, 2))
    others = np.abs(drawn[1:] - bitmaps.images("test")[:-1]).mean(axis=(1, 2))
    assert away.max() < 8 < others.min()  # grey levels: each is the same drawing, up to simplification


def test_official_strokes_are_split_alike(real_data: Path) -> None:
    official = {"source": "strokes", "root": str(real_data)}
    strokes, bitmaps = (QuickDrawDataModule(experiment(form, **official)) for form in ("strokes", "bitmaps"))
    drawn = np.stack([rasterize(to_strokes(sequence)) for sequence in strokes.images("validation")]).astype(float)
    assert np.abs(drawn - bitmaps.images("validation")).mean() < 3


def test_batches_are_trimmed_sorted_and_whole() -> None:
    data = QuickDrawDataModule(experiment())
    batches = list(data.batches("train", 3))
    assert len(batches) == data.num_batches("train")
    for sequences, _ in batches:
        assert sequences[:, -1, REAL].any() and sequences[:, 0, REAL].all()
    np.testing.assert_array_equal(np.sort(data.order("train", 3)), data.rows["train"])
    assert not np.array_equal(data.order("train", 3), data.order("train", 4))
    labels = np.concatenate([labels for _, labels in batches])
    np.testing.assert_array_equal(labels, data.pool("train")[1][data.order("train", 3)])
    spread = np.mean([np.ptp(lengths(as_points(sequences))) for sequences, _ in batches[:-1]])
    assert spread < 0.7 * np.ptp(lengths(data.images("train")))


def test_trimming_keeps_one_point() -> None:
    assert trimmed(as_sequences(to_sequence([np.zeros((2, 1))])[None], np.dtype("float32"))).shape == (1, 1, 6)


def test_augmentation_off_changes_nothing() -> None:
    stored = a_batch()
    np.testing.assert_allclose(augment_points(stored, Augmentation(), np.random.default_rng(0)), stored)


def test_augmentation_keeps_sequences_whole() -> None:
    stored = a_batch()
    changed = augment_points(stored, EVERYTHING, np.random.default_rng(0))
    count = lengths(changed)
    assert (count >= 1).all() and (count <= lengths(stored)).all() and (count < lengths(stored)).any()
    for sequence, length in zip(changed, count, strict=True):
        assert sequence[:length, 2].all() and not sequence[length:].any() and sequence[length - 1, 2] == LIFTED
    again = augment_points(stored, EVERYTHING, np.random.default_rng(0))
    np.testing.assert_array_equal(changed, again)


def test_reordering_moves_whole_strokes() -> None:
    stored = a_batch()
    changed = augment_points(stored, Augmentation(reorder=1.0), np.random.default_rng(1))
    moved = 0
    for before, after in zip(stored, changed, strict=True):
        one, other = ([stroke.tobytes() for stroke in to_strokes(each)] for each in (before, after.astype(np.uint8)))
        assert sorted(one) == sorted(other)
        moved += one != other
    assert moved > len(stored) / 2


def test_a_flip_mirrors_about_the_middle() -> None:
    stored = a_batch()
    changed = augment_points(stored, Augmentation(flip=1.0), np.random.default_rng(0))
    real = stored[..., 2] != PADDING
    np.testing.assert_allclose(changed[..., 0][real], 255 - stored[..., 0][real])
    np.testing.assert_allclose(changed[..., 1], stored[..., 1])


@pytest.mark.parametrize(("fields", "words"), [
    ({"form": "strokes", "source": "subset"}, "--data.source must be strokes, doodles or auto"),
    ({"form": "strokes", "dataset": "mnist"}, "--data.dataset must be quickdraw"),
    ({"augmentation": Augmentation(jitter=1)}, "--data.augmentation.jitter must be 0 without --data.form strokes"),
])  # fmt: skip
def test_what_strokes_cannot_be_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Data(**fields)


def test_models_take_their_own_form() -> None:
    forms: list[tuple[str, Any]] = [("sequence", "bitmaps"), ("softmax", "strokes")]
    for model, form in forms:
        with pytest.raises(UserError, match=r"--data\.form must be"):
            Experiment(model=model, data=Data(form=form))


def test_strokes_that_are_nowhere_are_doodles_or_refused(tmp_path: Path) -> None:
    data = QuickDrawDataModule(experiment(source="auto", root=str(tmp_path)))
    assert data.dataset.source == "doodles" and "no .ndjson files" in data.dataset.note
    with pytest.raises(UserError, match=r"no \.ndjson files of all categories"):
        QuickDrawDataModule(experiment(source="auto", root=str(tmp_path), categories=["cat", "dog"]))
