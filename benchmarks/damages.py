"""Files of every format that the programs read, and ways to damage them."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import tarfile
import zlib
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from experiment.config import FIVE


class Payload:
    """Unpickled, it makes the file `executed`."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("open('executed', 'w').close()",)


def damages(content: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Ways in which a file can be damaged beyond use, in any format."""
    chance = random.Random(seed)
    yield "empty", b""
    yield "one byte", content[:1]
    for number in range(2):
        yield f"cut short {number}", content[: chance.randrange(2, max(3, len(content) * 9 // 10))]
    yield "web page", b"<html><body>Please log in</body></html>" * 20
    yield "zeros", bytes(len(content))
    yield "noise", chance.randbytes(len(content))
    yield "pickle", pickle.dumps(Payload())
    yield "UTF-16", "\n".join(map(str, content[:50])).encode("utf-16")
    yield "deep nesting", b"[" * 100_000
    yield "start lost", content[len(content) // 3 + 1 :]


def changed_bytes(content: bytes, seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """The file with a few changed bytes, which may leave it sound."""
    chance = random.Random(seed)
    for number in range(count):
        changed = bytearray(content)
        for _ in range(chance.randrange(1, 4)):
            changed[chance.randrange(min(len(changed), 400))] = chance.randrange(256)
        yield f"changed bytes {number}", bytes(changed)


def words_text() -> str:
    """Word vectors of length 6 for the five categories, in GloVe's layout."""
    numbers = np.random.default_rng(1).normal(size=(5, 6))
    return "".join(f"{word} {' '.join(f'{n:.4f}' for n in row)}\n" for word, row in zip(FIVE, numbers, strict=True))


def npy(array: np.ndarray) -> bytes:
    """A .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """An .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def npy_claiming(shape: object, descr: str = "|u1") -> bytes:
    """A .npy file whose header claims more than there is."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\1\0" + (len(header) + 1).to_bytes(2, "little") + header + b"\n" + bytes(100)


def pickled_npy() -> bytes:
    """A .npy file of objects, with the payload."""
    file = io.BytesIO()
    np.save(file, np.array([Payload()], object), allow_pickle=True)
    return file.getvalue()


def idx(*shape: int, content: bytes = b"", kind: int = 8) -> bytes:
    """A gzipped idx file with this header."""
    sizes = b"".join((size % 2**32).to_bytes(4, "big") for size in shape)
    return gzip.compress(bytes([0, 0, kind, len(shape)]) + sizes + content, mtime=0)  # the same bytes at any time


def picture(suffix: str, array: np.ndarray) -> bytes:
    """A picture file."""
    return bytes(cv2.imencode(suffix, array)[1])


def png_claiming(png: bytes, size: int) -> bytes:
    chunk = b"IHDR" + size.to_bytes(4, "big") * 2 + png[24:29]
    return png[:12] + chunk + zlib.crc32(chunk).to_bytes(4, "big") + png[33:]


def tar_gz(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()
