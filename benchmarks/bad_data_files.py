"""Cases of bad_inputs.py: damaged data sets and drawings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.bad_flags import SMALL, Case
from benchmarks.damages import (
    changed_bytes,
    damages,
    idx,
    npy,
    npy_claiming,
    npz,
    pickled_npy,
    picture,
    png_claiming,
    tar_gz,
)
from benchmarks.program_runs import TRACKS
from experiment.config import FIVE


def damaged_files(
    name: str,
    content: bytes,
    others: dict[str, bytes],
    call: tuple[str, list[str]],
    words: tuple[str, ...] = (),
    own: dict[str, bytes] | None = None,
    loose: tuple[str, ...] = (),
    changed: int = 3,
) -> Iterator[Case]:
    """Cases in which the file `name` is damaged and the `others` are sound; `own` are this format's own mistakes."""
    seed = sum(name.encode())
    ways = [*damages(content, seed), *(own or {}).items(), *changed_bytes(content, seed, changed)]
    for way, damaged in ways:

        def prepare(folder: Path, damaged: bytes = damaged) -> None:
            for path, sound in {**others, name: damaged}.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(sound)

        refused = not way.startswith("changed") and not any(way.startswith(each) for each in loose)
        yield Case(f"{name}: {way}", call[0], call[1], words or (Path(name).name,), prepare, refused)


def data_cases() -> Iterator[Case]:
    chance = np.random.default_rng(0)
    images = chance.integers(0, 256, (50, 28, 28)).astype(np.uint8)
    labels = np.arange(50) % 5
    subset = {
        f"{part}_{what}.npy": npy(array)
        for part in ("train", "test")
        for what, array in (("images", images), ("labels", labels))
    }
    numpy = TRACKS["numpy"]
    call = (numpy, [*SMALL[1:], "--data.source=subset", "--data.root=."])
    wrong = {
        "an npz": npz(a=images),
        "objects": pickled_npy(),
        "claims 10^12 rows": npy_claiming("(1000000000000, 28, 28)"),
        "claims 10^30 rows": npy_claiming("(1" + "0" * 30 + ", 28, 28)"),
        "claims -5 rows": npy_claiming("(-5, 28, 28)"),
        "claims 10^10 rows": npy_claiming("(10000000000, 784)"),
        "odd header": npy_claiming("[" * 500),
        "odd type": npy_claiming("(1, 28, 28)", "|V7"),
        "floats": npy(images / 255),
        "one number": npy(np.array(3, np.uint8)),
        "no rows": npy(images[:0]),
        "other shape": npy(images[:, :9]),
        "fewer rows": npy(images[:7]),
        "complex": npy(images * 1j),
    }
    yield from damaged_files(
        "train_images.npy", subset["train_images.npy"], subset, call, ("train_images", "train_labels"), wrong
    )
    wrong = {
        "an npz": npz(a=labels),
        "objects": pickled_npy(),
        "label 9": npy(labels + 5),
        "floats": npy(labels / 2),
        "text": npy(labels.astype(str)),
        "negative": npy(-labels - 1),
        "all the same": npy(labels * 0),
    }
    yield from damaged_files("train_labels.npy", subset["train_labels.npy"], subset, call, own=wrong)

    rows = {f"{name}.npy": npy(images.reshape(50, 784)) for name in FIVE}
    call = (numpy, [*SMALL[1:], "--data.source=bitmaps", "--data.root=."])
    yield from damaged_files(
        "hand.npy", rows["hand.npy"], rows, call, own={"one row": npy(images[:1].reshape(1, 784))}, changed=1
    )

    drawing = json.dumps({"drawing": [[[0, 100, 255], [3, 4, 200]], [[5, 6], [7, 8]]]}) + "\n"
    strokes = {f"{name}.ndjson": (drawing * 20).encode() for name in FIVE}
    call = (numpy, [*SMALL[1:], "--data.source=strokes", "--data.root=."])
    own = {key: (drawing + json.dumps({"drawing": value}) + "\n").encode() for key, value in DRAWINGS.items()}
    own["400 digits"] = drawing.encode() + b'{"drawing": [[[1' + b"0" * 400 + b"], [1]]]}\n"
    own["deep"] = drawing.encode() + b'{"drawing": ' + b"[" * 100_000
    yield from damaged_files(
        "hand.ndjson", strokes["hand.ndjson"], strokes, call, own=own, loose=("cut short", "start lost")
    )

    mnist = {
        f"mnist/{part}-{what}.gz": idx(*shape, content=content)
        for part in ("train", "t10k")
        for what, shape, content in (
            ("images-idx3-ubyte", (50, 28, 28), images.tobytes()),
            ("labels-idx1-ubyte", (50,), (labels % 10).astype(np.uint8).tobytes()),
        )
    }
    mnist = {name.removeprefix("mnist/"): content for name, content in mnist.items()}
    call = (numpy, [*SMALL[1:], "--data.dataset=mnist", "--data.root=.", "--data.url=http://127.0.0.1:9/"])
    own = {
        "absurd": idx(2**31 - 1, 2**31 - 1, 2**31 - 1),
        "negative": idx(-1, -28, -28),
        "short header": gzip.compress(b"\0\0\x08\x03\0\0"),
        "no axes": idx(),
        "255 axes": gzip.compress(b"\0\0\x08\xff" + bytes(20)),
        "floats": idx(2, 28, 28, content=bytes(9), kind=13),
        "bomb": gzip.compress(bytes(1 << 26)),
        "empty inside": gzip.compress(b""),
        "other shape": idx(50, 5, content=bytes(250)),
    }
    name = "train-images-idx3-ubyte.gz"
    yield from damaged_files(name, mnist[name], mnist, call, ("train-images", "MNIST"), own)

    records = {
        f"{name}.bin": b"".join(bytes([label]) + chance.bytes(3072) for label in np.arange(20) % 10)
        for name in ("data_batch_1", "test_batch")
    }
    call = (numpy, [*SMALL[1:], "--data.dataset=cifar10", "--data.root=.", "--data.url=http://127.0.0.1:9/"])
    yield from damaged_files("data_batch_1.bin", records["data_batch_1.bin"], records, call, loose=("zeros",))
    archive = tar_gz(records)
    own = {
        "no tar inside": gzip.compress(b"hello"),
        "no test": tar_gz({"x.bin": b"1"}),
        "bad CRC": archive[:-8] + b"1234" + archive[-4:],
    }
    yield from damaged_files("cifar-10-binary.tar.gz", archive, {}, call, ("cifar-10-binary.tar.gz", "batch"), own)


DRAWINGS: dict[str, Any] = {
    "no strokes": [],
    "one list": [[5]],
    "one point, no y": [[[5]]],
    "unequal": [[[1, 2], [3]]],
    "text": [[["a"], ["b"]]],
    "nothing": None,
    "a number": 3,
    "far": [[[1e9, 0], [0, 1]]],
    "farther": [[[1e308, -1e308], [0, 1]]],
    "not a number": [[[float("nan")], [1]]],
    "infinite": [[[float("inf")], [1]]],
    "objects": [[[{}], [{}]]],
    "empty": [[[], []]],
}


def drawing_cases(run: Path) -> Iterator[Case]:
    image = np.full((100, 100, 3), 255, np.uint8)
    cv2.circle(image, (50, 50), 30, (0, 0, 0), 4)
    grey = image[:28, :28, 0]
    for suffix in (".png", ".jpg", ".bmp", ".tiff", ".webp"):
        name = f"drawing{suffix}"
        yield from damaged_files(
            name, picture(suffix, image), {}, ("apps", ["predict", str(run), name]), loose=("cut short",), changed=2
        )
    odd: dict[str, tuple[str, np.ndarray]] = {
        "float 28x28": (".tiff", grey.astype(np.float32)),
        "NaN": (".tiff", np.full((28, 28), np.nan, np.float32)),
        "empty 28x28": (".png", np.full((28, 28), 255, np.uint8)),
        "empty": (".png", np.zeros((90, 90), np.uint8)),
        "float of 255": (".tiff", image[..., 0].astype(np.float32)),
        "negative": (".tiff", -np.ones((40, 40), np.float32)),
        "transparent": (".png", np.zeros((50, 50, 4), np.uint8)),
        "double": (".tiff", np.full((28, 28), 1e300)),
    }
    for way, (suffix, array) in odd.items():
        name = f"odd{suffix}"
        yield _one_file(f"picture: {way}", name, picture(suffix, array), run)
    sound = picture(".png", image)
    for size in (40_000, 100_000, 2**31 - 1):  # the size stands in bytes 16 to 24, with a CRC after the chunk
        yield _one_file(f"picture: claims {size}", "large.png", png_claiming(sound, size), run)
    bitmaps = npy(np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8))
    own = {
        "an npz": npz(a=grey),
        "objects": pickled_npy(),
        "empty drawing": npy(np.zeros((2, 28, 28), np.uint8)),
        "floats": npy(np.ones((2, 28, 28))),
        "claims 10^12 rows": npy_claiming("(1000000000000, 28, 28)"),
        "one axis": npy(np.zeros(784, np.uint8)),
        "no rows": npy(np.zeros((0, 28, 28), np.uint8)),
    }
    yield from damaged_files("more.npy", bitmaps, {}, ("apps", ["predict", str(run), "more.npy"]), own=own)
    drawing = json.dumps({"drawing": [[[0, 100], [3, 4]]]}).encode()
    own = {key: json.dumps({"drawing": value}).encode() for key, value in DRAWINGS.items()}
    yield from damaged_files("strokes.ndjson", drawing, {}, ("apps", ["predict", str(run), "strokes.ndjson"]), own=own)


def _one_file(title: str, name: str, content: bytes, run: Path) -> Case:
    def prepare(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return Case(title, "apps", ["predict", str(run), name], (name,), prepare)
