"""Files that were once named with confidence, or ended in a traceback: pictures, arrays, strokes, words, runs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.damages import idx, npy, npy_claiming, npz, picture, png_claiming
from datamodules.image_dataset import load_array
from datamodules.inputs import read_drawings, read_photographs
from datamodules.mnist import read_idx
from datamodules.rasterize import rasterize
from datamodules.sources.strokes import read_strokes
from datamodules.word_vectors import load_word_vectors
from experiment.config import FIVE, Data, DualTower, Experiment, Softmax
from experiment.errors import UserError
from experiment.memory import check_memory
from training.program import check_network

RING = np.full((100, 100, 3), 255, np.uint8)
cv2.circle(RING, (50, 50), 30, (0, 0, 0), 6)
GREY = RING[..., 0]


def damaged(content: bytes) -> bytes:
    """The content with other bytes near its start, where compressed pixels are."""
    return content[:20] + bytes(60) + content[80:]


PICTURES = {
    "floats up to 255": (picture(".tiff", GREY[30:58, 30:58].astype(np.float32)), "from 0 to 1"),
    "NaN": (picture(".tiff", np.full((28, 28), np.nan, np.float32)), "from 0 to 1"),
    "infinite": (picture(".tiff", np.full((40, 40), np.inf, np.float32)), "from 0 to 1"),
    "huge": (picture(".tiff", np.full((40, 40), 1e300)), "from 0 to 1"),
    "signed": (picture(".tiff", GREY.astype(np.int16)), "int16"),
    "empty, 28x28": (picture(".png", np.full((28, 28), 255, np.uint8)), "an empty picture"),
    "empty": (picture(".png", np.zeros((90, 90), np.uint8)), "an empty picture"),
    "claims 40000x40000": (png_claiming(picture(".png", RING), 40_000), "claims too many pixels"),
    "claims 9000x9000": (png_claiming(picture(".png", RING), 9_000), "claims 9000x9000 pixels"),
    "half": (picture(".png", RING)[:150], "not a whole picture"),
    "half a tiff": (picture(".tiff", np.dstack([GREY, GREY, GREY]))[:150], "not a picture|not a whole picture"),
    "damaged tiff": (damaged(picture(".tiff", RING)), "not a picture|not a whole picture"),
    "half a jpg": (picture(".jpg", RING)[:-300], "not a whole picture"),
    "claims 15000x15000": (png_claiming(picture(".png", RING), 15_000), "claims too many pixels"),
}


@pytest.mark.parametrize("case", PICTURES)
def test_pictures_that_show_no_drawing_are_refused(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content, words = PICTURES[case]
    path = tmp_path / f"a.{'png' if content.startswith(bytes([0x89])) else 'tiff'}"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words) as refusal:
        read_drawings(path)
    assert str(path) in str(refusal.value)
    assert capfd.readouterr().err == ""  # where libpng complains


def test_floats_from_0_to_1_and_16_bits_show_the_same_drawing(tmp_path: Path) -> None:
    (tmp_path / "bytes.png").write_bytes(picture(".png", GREY))
    (tmp_path / "floats.tiff").write_bytes(picture(".tiff", (GREY / 255).astype(np.float32)))
    (tmp_path / "words.png").write_bytes(picture(".png", GREY.astype(np.uint16) * 257))
    expected = read_drawings(tmp_path / "bytes.png")
    for name in ("floats.tiff", "words.png"):
        np.testing.assert_array_equal(read_drawings(tmp_path / name), expected)


def test_photographs_may_be_grey_or_transparent(tmp_path: Path) -> None:
    (tmp_path / "grey.png").write_bytes(picture(".png", GREY))
    (tmp_path / "clear.png").write_bytes(picture(".png", np.dstack([RING, GREY])))
    for name in ("grey.png", "clear.png"):
        assert read_photographs(tmp_path / name, (32, 32)).shape == (1, 32, 32, 3)


ARRAYS = {
    "an npz": (npz(a=GREY), "not a whole .npy"),
    "10^12 rows": (npy_claiming("(1000000000000, 28, 28)"), "not a whole .npy"),
    "10^30 rows": (npy_claiming(f"({10**30}, 28, 28)"), "not a whole .npy"),
    "-5 rows": (npy_claiming("(-5, 28, 28)"), "not a whole .npy"),
    "odd header": (npy_claiming("[" * 500), "not a whole .npy"),
    "an empty drawing": (npy(np.stack([GREY[30:58, 30:58], np.zeros((28, 28), np.uint8)])), "row 1 is an empty"),
    "one number": (npy(np.array(3, np.uint8)), "must be of shape"),
    "one axis": (npy(np.zeros(784, np.uint8)), "must be of shape"),
    "no rows": (npy(np.zeros((0, 28, 28), np.uint8)), "no drawing"),
    "two files in one": (npy(GREY[30:58, 30:58]) * 2, "not a whole .npy"),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_that_are_no_drawings_are_refused(case: str, tmp_path: Path) -> None:
    content, words = ARRAYS[case]
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_drawings(tmp_path / "a.npy")


def test_arrays_are_read_as_they_were_saved(tmp_path: Path) -> None:
    for array in (GREY, GREY[:0], np.asfortranarray(GREY[:5]), np.arange(3.0), np.array(["a", "b"])):
        (tmp_path / "a.npy").write_bytes(npy(array))
        for mmap in (False, True):
            np.testing.assert_array_equal(load_array(tmp_path / "a.npy", mmap), array)


DRAWINGS: dict[str, Any] = {
    "x alone": [[[5]]],
    "no point": [[[], []]],
    "unequal": [[[1, 2], [3]]],
    "1e9": [[[1e9, 0], [0, 1]]],
    "1e308": [[[1e308, -1e308], [0, 1]]],
    "NaN": [[[float("nan")], [1]]],
    "an object": [[[{}], [{}]]],
}
LINES = {name: json.dumps({"drawing": drawing}) for name, drawing in DRAWINGS.items()} | {
    "400 digits": '{"drawing": [[[1' + "0" * 400 + "], [1]]]}",
    "5000 digits": '{"drawing": [[[1' + "0" * 5000 + "], [1]]]}",
    "deep": '{"drawing": ' + "[" * 100_000,
    "a list": "[1, 2]",
    "a number": "3",
}


@pytest.mark.parametrize("case", LINES)
def test_lines_that_are_no_drawings_are_refused(case: str, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text('{"drawing": [[[0, 9], [0, 9]]]}\n' + LINES[case] + "\n")
    with pytest.raises(UserError, match=r"a\.ndjson, line 2"):
        read_drawings(tmp_path / "a.ndjson")


def test_a_dot_is_a_drawing(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text('{"drawing": [[[5], [5]]]}\n')
    assert read_drawings(tmp_path / "a.ndjson").any()


def test_drawings_larger_than_the_grid_are_scaled_to_it(tmp_path: Path) -> None:
    small = [[[0, 255, 200], [10, 0, 250]], [[30, 40], [5, 80]]]
    raw = [[[7 + 4 * x for x in xs], [4 * y - 90 for y in ys], list(range(len(xs)))] for xs, ys in small]
    (tmp_path / "a.ndjson").write_text("".join(json.dumps({"drawing": each}) + "\n" for each in (small, raw)))
    simplified, scaled = (rasterize(strokes) for strokes in read_strokes(tmp_path / "a.ndjson"))
    np.testing.assert_array_equal(scaled, simplified)


@pytest.mark.parametrize(
    "content",
    [
        idx(2**31 - 1, 2**31 - 1, 2**31 - 1),
        idx(-1, -28, -28),
        idx(2, 2, content=b"123"),
        idx(),
        gzip.compress(b"\0\0\x08\x03\0\0", mtime=0),
        gzip.compress(b"\0\0\x08\xff" + bytes(20), mtime=0),
        gzip.compress(b"", mtime=0),
        gzip.compress(bytes(100), mtime=0)[:-4],
        b"\x1f\x8b",
    ],
)
def test_absurd_idx_headers_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(UserError, match="not a whole"):
        read_idx(tmp_path / "a.gz")


WORDS = "".join(f"{word} {number} 2 3\n" for number, word in enumerate(FIVE))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", "", "empty"),
        ("a.txt", "\n\n\n", "empty"),
        ("a.txt", "rabbit\nhand\n", "without numbers"),
        ("a.txt", "rabbit 1\nhand 2\n", "a single number"),
        ("a.txt", "999999999999 3\n" + WORDS, "claims 999999999999 vectors"),
        ("a.txt", "5 999999999\n" + WORDS, "claims 5 vectors of 999999999"),
        ("a.txt", "0 0\n", "claims 0"),
        ("a.txt", "5 3\n", "but 0 lines"),
        ("a.txt", "9" * 5000 + " 3\n" + WORDS, "claims"),
        ("a.gz", WORDS, "cannot be read"),
        ("a.txt", WORDS.replace("3", "nan"), "not finite"),
        ("a.txt", WORDS.replace("3", "1e39"), "not finite"),
        ("a.txt", WORDS.replace("rabbit 0 2 3", "rabbit 0 0 0"), "'rabbit' is 0.0e"),
        ("a.txt", "".join(f"{word} {number}e-30 1e-30\n" for number, word in enumerate(FIVE)), "long"),
        ("a.txt", "".join(f"{word} {number}e37 1e38\n" for number, word in enumerate(FIVE)), "long"),
        ("a.txt", WORDS.replace("yoga 1", "yoga 0"), "'rabbit' and 'yoga' have the same vector"),
        ("a.txt", WORDS.replace(" ", "\t"), "tabs"),
        ("a.txt", "rabbit " + "1 " * 600_000 + "\n", "longer than"),
    ],
)
def test_word_vectors_that_are_none_are_refused(name: str, content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=words):
        load_word_vectors(str(tmp_path / name), list(FIVE), 0)


def test_a_header_that_is_right_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("5 3\n" + WORDS)
    vectors = load_word_vectors(str(tmp_path / "a.txt"), list(FIVE), 0).vectors
    assert vectors.tolist() == [[number, 2, 3] for number in range(5)]


# --- what no memory holds


@pytest.mark.parametrize(
    "fields",
    [
        {"softmax": Softmax(hidden_dims=[100_000_000_000])},
        {"softmax": Softmax(hidden_dims=[10_000_000, 10_000_000])},
        {"softmax": Softmax(layers=[{"Conv2d": {"out_channels": 10**12, "kernel_size": 3}}])},
        {"model": "dual_tower", "dual_tower": DualTower(embedding_dim=10**11)},
        {"model": "dual_tower", "dual_tower": DualTower(word_dims=[10**6, 10**7])},
    ],
)
def test_networks_beyond_memory_are_refused(fields: dict[str, Any], small: Callable[..., Experiment]) -> None:
    from datamodules.registry import make_data

    experiment = small(**fields)
    with pytest.raises(UserError, match="GB of memory"):
        check_network(experiment, make_data(experiment))


def test_more_drawings_than_memory_holds_are_refused() -> None:
    from datamodules.sources import doodles

    with pytest.raises(UserError, match=r"train_per_category.*GB of memory"):
        doodles.load(Data(train_per_category=10**12))


def test_what_fits_is_not_refused() -> None:
    check_memory(1 << 20, "a little")
