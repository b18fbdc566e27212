"""The data module: sources, split, batches, augmentation, strokes, word vectors, and what it refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from datamodules import cache
from datamodules.augmentation import augment, matrices
from datamodules.image_dataset import official_categories, share
from datamodules.inputs import read_drawings
from datamodules.lightning_adapter import Batches, HostBatches
from datamodules.prefetch import prefetch
from datamodules.quickdraw import QuickDrawDataModule
from datamodules.rasterize import rasterize
from datamodules.sources import doodles, load_drawings
from datamodules.sources.strokes import read_strokes
from datamodules.word_vectors import load_word_vectors
from experiment.config import FIVE, Augmentation, Data, Experiment, Trainer
from experiment.errors import UserError
from tests.conftest import make_official

TWO = ["hot dog", "cat"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")


# --- split and batches


def test_split_is_random_seeded_and_whole(small: Callable[..., Experiment]) -> None:
    one, same, other = (QuickDrawDataModule(small(seed=seed)).rows for seed in (1, 1, 2))
    np.testing.assert_array_equal(one["train"], same["train"])
    assert not np.array_equal(one["validation"], other["validation"])
    both = np.concatenate([one["train"], one["validation"]])
    np.testing.assert_array_equal(np.sort(both), np.arange(300))
    assert len(one["validation"]) == 30


def test_split_is_the_same_for_both_tasks(small: Callable[..., Experiment]) -> None:
    softmax, dual = (QuickDrawDataModule(small(model=model)).rows for model in ("softmax", "dual_tower"))
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(softmax[split], dual[split])


def test_batches_are_a_function_of_seed_and_epoch(small: Callable[..., Experiment]) -> None:
    data = QuickDrawDataModule(small())
    first, again, next_epoch = ([labels for _, labels in data.batches("train", epoch)] for epoch in (0, 0, 1))
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(again))
    assert not np.array_equal(np.concatenate(first), np.concatenate(next_epoch))


def test_last_short_batch_is_kept(small: Callable[..., Experiment]) -> None:
    data = QuickDrawDataModule(small())
    sizes = [len(labels) for _, labels in data.batches("train", 0)]
    assert sizes == [32] * 8 + [14] and len(sizes) == data.num_batches("train")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batches_hold_the_drawings_from_0_to_1(dtype: Any, small: Callable[..., Experiment]) -> None:
    data = QuickDrawDataModule(small(trainer=Trainer(dtype=dtype)))
    images, labels = (np.concatenate(part) for part in zip(*data.batches("test"), strict=True))
    assert images.dtype == dtype and images.shape == (100, 1, 28, 28) and images.max() == 1
    np.testing.assert_allclose(images[:, 0] * 255, data.images("test"), rtol=1e-6)
    np.testing.assert_array_equal(labels, data.labels("test"))


# --- augmentation


def test_augmentation_off_leaves_drawings_alone() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    np.testing.assert_array_equal(augment(images, Augmentation(), np.random.default_rng(0)), images)


def test_augmentation_flips_and_shifts() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1, 28, 28)).astype(np.uint8)
    np.testing.assert_array_equal(augment(images, Augmentation(flip=1), np.random.default_rng(0)), images[:, :, ::-1])
    affine = matrices(500, (28, 28), Augmentation(shift=3), np.random.default_rng(0))
    np.testing.assert_allclose(affine[:, :, :2], np.broadcast_to(np.eye(2), (500, 2, 2)))
    assert np.abs(affine[:, :, 2]).max() == pytest.approx(3, abs=0.1)


def test_augmentation_turns_about_the_middle() -> None:
    affine = matrices(50, (28, 28), Augmentation(rotation=30, scale=0.2, shear=10), np.random.default_rng(0))
    middle = np.array([13.5, 13.5, 1])
    np.testing.assert_allclose(affine @ middle, np.broadcast_to([13.5, 13.5], (50, 2)))
    areas = 1 / np.linalg.det(affine[:, :, :2])  # the maps lead back, to where a point was before
    assert 0.8**2 <= areas.min() < 0.9 and 1.1 < areas.max() <= 1.2**2


@pytest.mark.parametrize("shape", [(300, 28, 28), (300, 32, 32, 3)])  # more than go into one stack
def test_augmentation_warps_each_image_as_if_it_were_alone(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    config = Augmentation(rotation=60, scale=0.4, shear=20, shift=9, flip=0.5)
    changed = augment(images, config, np.random.default_rng(1))
    maps = matrices(len(images), shape[1:3], config, np.random.default_rng(1))
    for image, matrix, ours in zip(images, maps, changed, strict=True):
        alone = cv2.warpAffine(image, matrix, shape[2:0:-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        assert np.abs(ours.astype(int) - alone).max() <= 1  # grey levels, where rounding is close


def test_augmentation_is_for_training_only_and_seeded(subset: Path) -> None:
    data = Data(source="subset", root=str(subset), augmentation=Augmentation(rotation=20))
    plain, turned, again = (
        QuickDrawDataModule(Experiment(data=each)) for each in (Data(source="subset", root=str(subset)), data, data)
    )
    (images, _), (changed, _), (same, _) = (next(each.batches("train", 3)) for each in (plain, turned, again))
    assert not np.array_equal(images, changed)
    np.testing.assert_array_equal(changed, same)
    np.testing.assert_array_equal(next(plain.batches("test"))[0], next(turned.batches("test"))[0])


# --- prefetching


def test_prefetched_items_come_in_order_and_errors_come_through() -> None:
    def counting() -> Iterator[int]:
        yield from range(3)
        raise UserError("no more")

    items = prefetch(counting())
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(UserError, match="no more"):
        next(items)


def test_prefetching_ends_with_its_reader() -> None:
    before = set(threading.enumerate())
    items = prefetch(iter(range(10)))
    assert next(items) == 0
    (thread,) = set(threading.enumerate()) - before
    items.close()
    thread.join(30)
    assert not thread.is_alive()


def test_a_reader_that_gives_up_does_not_wait() -> None:
    """The garbage collector may close it while a lock is held that the end of a thread needs."""
    go_on = threading.Event()

    def waiting() -> Iterator[int]:
        yield 0
        go_on.wait(30)
        yield 1

    items = prefetch(waiting())
    assert next(items) == 0
    items.close()  # the thread is still at work
    assert not go_on.is_set()
    go_on.set()


def test_a_pass_leaves_no_thread_behind(small: Callable[..., Experiment]) -> None:
    before = set(threading.enumerate())
    batches = Batches(HostBatches(QuickDrawDataModule(small()), "test"))
    for batch_idx in range(len(batches)):
        batches[batch_idx]
    for thread in set(threading.enumerate()) - before:
        thread.join(30)
        assert not thread.is_alive()


# --- sources


def test_categories_choose_and_relabel(subset: Path) -> None:
    whole = load_drawings(Data(source="subset", root=str(subset)))
    two = load_drawings(Data(source="subset", root=str(subset), categories=["hand", "rabbit"], train_per_category=7))
    assert np.bincount(two.train_labels).tolist() == [7, 7]
    hands = whole.train_images[whole.train_labels == FIVE.index("hand")]
    np.testing.assert_array_equal(two.train_images[two.train_labels == 0], hands[:7])


def test_auto_takes_what_is_in_the_root(subset: Path, tmp_path: Path) -> None:
    assert load_drawings(Data(root=str(subset))).source == "subset"
    make_official(tmp_path / "numpy_bitmap", TWO)
    assert load_drawings(Data(root=str(tmp_path), categories=TWO)).source == "bitmaps"


def test_auto_falls_back_to_doodles_and_says_so(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9/"
    drawings = load_drawings(Data(root=str(tmp_path), url=nowhere, train_per_category=3, test_per_category=2))
    assert drawings.source == "doodles" and "NOT Quick, Draw!" in drawings.description
    assert nowhere in drawings.note


def test_doodles_are_the_same_every_time() -> None:
    one, two = (doodles.load(Data(train_per_category=4, test_per_category=2)) for _ in range(2))
    assert one.checksums() == two.checksums()
    assert one.train_images.shape == (20, 28, 28) and np.asarray(one.train_images).max() == 255


def test_doodles_are_hard_for_a_plain_perceptron() -> None:
    from sklearn.neural_network import MLPClassifier

    drawings = doodles.load(Data(train_per_category=600, test_per_category=200))
    flat, tested = (np.asarray(part).reshape(-1, 784) / 255 for part in (drawings.train_images, drawings.test_images))
    network = MLPClassifier((128, 64), max_iter=12, random_state=0, n_iter_no_change=20, tol=0)
    with pytest.warns(match="Maximum iterations"):
        network.fit(flat, drawings.train_labels)
    accuracy = network.score(tested, drawings.test_labels)
    assert 0.6 < accuracy < 0.95


@pytest.mark.parametrize(
    ("available", "train", "test", "expected"),
    [
        (5000, 4000, 1000, (4000, 1000)),
        (400, 4000, 1000, (320, 80)),
        (400, 350, None, (350, 50)),
        (400, None, 50, (350, 50)),
        (400, None, None, (320, 80)),
    ],
)
def test_share(available: int, train: int | None, test: int | None, expected: tuple[int, int]) -> None:
    assert share(available, train, test) == expected


def test_strokes_are_rasterized_and_cached(tmp_path: Path) -> None:
    line = json.dumps({"word": "cat", "drawing": [[[0, 255], [0, 255]], [[255, 0], [0, 255]]]})
    for name in TWO:
        (tmp_path / f"{name}.ndjson").write_text((line + "\n") * 5)
    config = Data(source="strokes", root=str(tmp_path), categories=TWO)
    drawings = load_drawings(config)
    assert drawings.train_images.shape == (8, 28, 28) and drawings.test_labels.tolist() == [0, 1]
    assert len(list(cache.CACHE.iterdir())) == 2
    for path in cache.CACHE.iterdir():
        path.write_bytes(b"damaged")
    assert load_drawings(config).checksums() == drawings.checksums()


def test_rasterizer_centres_and_pads() -> None:
    vertical = rasterize([np.array([[0.0, 0.0], [0.0, 255.0]])])  # a line at the left edge comes to the middle
    columns, rows = np.flatnonzero(vertical.max(axis=0)), np.flatnonzero(vertical.max(axis=1))
    assert columns.tolist() == [13, 14] and rows[0] == 1 and rows[-1] == 26
    np.testing.assert_allclose(
        vertical.astype(int), vertical[:, ::-1].astype(int), atol=32
    )  # the line is 13 of 252 pixels wide


def test_rasterizer_looks_like_the_official_bitmaps(real_data: Path) -> None:
    pairs = np.load(real_data / "raster_pairs.npz")
    for category, key, bitmap in zip(pairs["category"], pairs["key_id"], pairs["bitmap"], strict=True):
        path = real_data / "quickdraw_simplified" / f"{category}.ndjson"
        row = [json.loads(line)["key_id"] for line in path.read_text().splitlines()].index(str(key))
        drawn = rasterize(read_strokes(path)[row])
        assert np.sqrt(((drawn.astype(float) - bitmap) ** 2).mean()) < 8


# --- word vectors


def test_word_vectors_of_all_spellings(glove: Path) -> None:
    found = load_word_vectors(str(glove), ["rabbit", "The Eiffel Tower", "sea turtle", "hot dog"], seed=0).vectors
    lines = {line.split()[0]: np.array(line.split()[1:], float) for line in glove.read_text().splitlines()}
    np.testing.assert_allclose(found[0], lines["rabbit"], rtol=1e-6)
    np.testing.assert_allclose(found[1], lines["The_Eiffel_Tower"], rtol=1e-6)
    np.testing.assert_allclose(found[2], lines["sea-turtle"], rtol=1e-6)
    np.testing.assert_allclose(found[3], (lines["hot"] + lines["dog"]) / 2, rtol=1e-5)


def test_word_vectors_of_all_345_categories(real_data: Path) -> None:
    path = real_data / "word_vectors" / "word2vec.GoogleNews.300d.quickdraw345.txt"
    assert load_word_vectors(str(path), list(official_categories()), seed=0).vectors.shape == (345, 300)


def test_missing_word_is_named(real_data: Path) -> None:
    path = real_data / "word_vectors" / "glove.6B.300d.sketchwords.txt"
    with pytest.raises(UserError, match="no vector for 'yoga'"):
        load_word_vectors(str(path), list(FIVE), seed=0)


def test_word_vectors_without_network_are_seeded_and_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    import gensim.downloader

    def offline() -> None:
        raise OSError("no network")

    monkeypatch.setattr(gensim.downloader, "info", offline)
    one, two = (load_word_vectors("glove-wiki-gigaword-50", list(FIVE), seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.vectors, two.vectors)
    np.testing.assert_allclose(np.linalg.norm(one.vectors, axis=1), 1)
    assert "RANDOM" in one.description and "NOT word vectors" in one.description


@pytest.mark.parametrize("line", ["foot 1 2 3", "foot 1 2 3 4 5 x", "foot"])
def test_bad_line_in_word_vectors(line: str, glove: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text(glove.read_text() + line + "\n")
    with pytest.raises(UserError, match="bad line"):
        load_word_vectors(str(bad), list(FIVE), seed=0)


# --- a user's own drawings


def test_reads_pictures_arrays_and_strokes(subset: Path, tmp_path: Path) -> None:
    import cv2

    images = np.load(subset / "test_images.npy")
    np.save(tmp_path / "many.npy", images[:4].reshape(4, 784))
    np.testing.assert_array_equal(read_drawings(tmp_path / "many.npy"), images[:4])
    np.save(tmp_path / "one.npy", images[0])
    np.testing.assert_array_equal(read_drawings(tmp_path / "one.npy"), images[:1])
    for name, picture in (("black_on_white.png", 255 - images[0]), ("white_on_black.png", images[0])):
        cv2.imwrite(str(tmp_path / name), picture)
        np.testing.assert_array_equal(read_drawings(tmp_path / name), images[:1])
    large = cv2.resize(255 - images[0], (560, 560), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(tmp_path / "large.png"), np.pad(large, ((0, 300), (90, 0)), constant_values=255))
    difference = read_drawings(tmp_path / "large.png")[0].astype(float) - images[0]
    assert np.abs(difference).mean() < 25  # scaled and centred again
    (tmp_path / "s.ndjson").write_text('{"drawing": [[[0, 9], [0, 9]]]}\n')
    assert read_drawings(tmp_path / "s.ndjson").shape == (1, 28, 28)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.png", b"not a picture", "not a picture"),
        ("a.npy", b"not an array", "not a whole .npy"),
        ("a.ndjson", b"{}\n", "line 1"),
        ("a.ndjson", b'{"drawing": [[[1, 2], [1]]]}\n', "line 1"),
        ("a.ndjson", b"\n", "no drawing"),
    ],
)
def test_refuses_what_is_no_drawing(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_drawings(tmp_path / name)


# --- bad data


def _broken(subset: Path, folder: Path, **changes: Any) -> Data:
    for path in subset.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    for name, change in changes.items():
        path = folder / f"{name}.npy"
        change(path)
    return Data(source="subset", root=str(folder))


def _saved(make: Callable[[np.ndarray], Any]) -> Callable[[Path], None]:
    return lambda path: np.save(path, make(np.load(path)))


BAD_SUBSETS: dict[str, tuple[dict[str, Callable[[Path], Any]], str]] = {
    "label out of range": (
        {"train_labels": _saved(lambda y: np.where(np.arange(len(y)) == 3, 9, y))},
        "label 9 in row 3",
    ),
    "negative label": ({"test_labels": _saved(lambda y: y - 1)}, "label -1"),
    "counts differ": ({"train_labels": _saved(lambda y: y[:-1])}, "299 labels for 300 drawings"),
    "wrong shape": ({"train_images": _saved(lambda x: x[:, :20])}, "must be of shape"),
    "wrong dtype": ({"train_images": _saved(lambda x: x / 255)}, "must be uint8"),
    "float labels": ({"train_labels": _saved(lambda y: y * 1.0)}, "whole numbers"),
    "no drawing": ({"train_images": _saved(lambda x: x[:0])}, "no drawing"),
    "truncated": ({"train_images": lambda path: path.write_bytes(path.read_bytes()[:5000])}, "cut short"),
    "not npy": ({"train_images": lambda path: path.write_text("hello")}, "not a whole .npy"),
    "empty file": ({"train_images": lambda path: path.write_text("")}, "not a whole .npy"),
    "objects": ({"train_labels": _saved(lambda y: np.array([{}] * len(y), object))}, "Python objects"),
    "empty category": ({"test_labels": _saved(lambda y: np.where(y == 2, 1, y))}, "no image of 'hand'"),
    "missing file": ({"test_labels": lambda path: path.unlink()}, "no such file"),
}


@pytest.mark.parametrize("case", BAD_SUBSETS)
def test_bad_subset_is_refused(case: str, subset: Path, tmp_path: Path) -> None:
    changes, words = BAD_SUBSETS[case]
    with pytest.raises(UserError, match=words):
        load_drawings(_broken(subset, tmp_path, **changes))


def test_unknown_category_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UserError, match="Did you mean 'snowman'"):
        load_drawings(Data(categories=["rabbit", "snowmann"]))


def test_missing_root_is_refused() -> None:
    with pytest.raises(UserError, match="no such folder"):
        load_drawings(Data(root="nowhere"))


def test_source_without_the_category_is_refused(subset: Path) -> None:
    with pytest.raises(UserError, match="subset has only"):
        load_drawings(Data(source="subset", root=str(subset), categories=["cat", "hand"]))
    with pytest.raises(UserError, match="doodles exist of"):
        load_drawings(Data(source="doodles", categories=["cat", "hand"]))
