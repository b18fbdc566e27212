"""Keeps arrays that take long to make in the project's `data/cache` folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from experiment.files import PROJECT, atomic_write, regular, remove_leftovers

CACHE = PROJECT / "data" / "cache"


def cached(name: str, key: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays that `make()` returned for the same `key` before, else what it returns now.

    A damaged file is made again. A cache that cannot be written is no error: the arrays are just not kept.
    """
    path = CACHE / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    try:
        with np.load(regular(path), allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except Exception:
        arrays = make()
    try:
        remove_leftovers(CACHE, seconds=24 * 3600)
        with atomic_write(path) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    except OSError:
        pass
    return arrays


def fingerprint(path: Path) -> str:
    """A file's identity as far as it can be told without reading it."""
    status = path.stat()
    return f"{path.resolve()}:{status.st_size}:{status.st_mtime_ns}"
