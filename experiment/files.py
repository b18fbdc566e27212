"""Files are written whole or not at all: to a temporary name beside the target, then renamed."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[1]
"""The project's own folder, so that the programs work from any working directory."""

_unfinished: set[Path] = set()
"""Temporary files that this process is writing."""


def regular(path: Path) -> Path:
    """`path`, unless it is a folder, a pipe or a device: opening a pipe would wait for ever. Raises OSError."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a file, but a folder, a pipe or a device", str(path))
    return path


@contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """Within the block, an operating system's error that does not say which file it was (a full disk) is of `path`."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """A name beside `path` for a file of this process, which is removed at the end unless it was renamed."""
    new_folder = not path.parent.is_dir()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    _unfinished.add(temporary)
    try:
        yield temporary
    except OSError as error:
        if error.filename in (None, str(temporary)):  # a full disk does not say which file it was
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        temporary.unlink(missing_ok=True)
        _unfinished.discard(temporary)
        if new_folder:
            with suppress(OSError):  # it is not empty: all went well
                path.parent.rmdir()


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a binary file that takes the name `path` only once the block has ended without an error."""
    with temporary_file(path) as temporary:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    with atomic_write(path) as file:
        file.write(text.encode())


def remove_unfinished_files() -> None:
    """Remove the temporary files of this process, before it leaves without ending its blocks."""
    for path in list(_unfinished):
        with suppress(OSError):
            path.unlink()


def remove_leftovers(folder: Path, pattern: str = ".*.tmp", seconds: float = 0.0) -> None:
    """Remove temporary files older than `seconds`, at any depth: those of processes that were killed as they wrote."""
    for path in folder.rglob(pattern):
        with suppress(OSError):  # its process may rename it just now
            if time.time() - path.stat().st_mtime > seconds:
                path.unlink()
