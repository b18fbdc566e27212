"""A vector for each category's name, by gensim: from a text file in GloVe's layout, or from gensim.downloader.

A name of several words is looked up whole (joined by `_`, `-` or a space), and else is the mean of its words'
vectors; capitals do not matter. Only the rows needed are kept, in the project's cache, so that the large file is
read once. Without a file and a network, seeded random unit vectors are used, and the output says so.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from datamodules.cache import cached, fingerprint
from experiment.errors import UserError, did_you_mean, reason_of
from experiment.randomness import generator

FALLBACK_DIM = 100
LONGEST_LINE = 1 << 20
"""Bytes; a line of 300 numbers has some 3,000."""
LENGTHS = (1e-6, 1e6)
"""Of the vectors: those of GloVe and word2vec are 1 to 20 long; with others a training would only give nonsense."""
SUFFIXES = (".txt", ".gz", ".vec", ".zip")


@dataclass(frozen=True)
class WordVectors:
    """One vector per category."""

    vectors: np.ndarray
    """(C, D) float64."""
    description: str
    """One line for people."""
    real: bool = True
    """False for seeded random vectors."""


def load_word_vectors(name: str, categories: list[str], seed: int) -> WordVectors:
    """Vectors of `categories` from the file `name`, or from the gensim.downloader model of that name."""
    path = Path(name)
    if path.is_file():
        key = f"{fingerprint(path)}:{categories}"
        rows = cached("words", key, lambda: {"vectors": _lookup(_read(path), categories, str(path))})
        return WordVectors(rows["vectors"], f"word vectors from {path}")
    if path.suffix in SUFFIXES or path.parent != Path():
        raise UserError(f"--data.word_vectors {name}: no such file.")
    try:
        rows = cached("words", f"{name}:{categories}", lambda: {"vectors": _lookup(_fetch(name), categories, name)})
    except _NoNetwork as error:
        random = generator(seed, "words").standard_normal((len(categories), FALLBACK_DIM))
        vectors = random / np.linalg.norm(random, axis=1, keepdims=True)
        return WordVectors(vectors, f"SEEDED RANDOM UNIT VECTORS, NOT word vectors ({name}: {error})", real=False)
    return WordVectors(rows["vectors"], f"word vectors {name} by gensim.downloader")


class _NoNetwork(Exception):
    pass


def _read(path: Path) -> Any:
    from gensim.models import KeyedVectors

    headless = _check_start(path)
    try:
        with np.errstate(over="ignore"):  # it becomes infinite, which is noticed below
            keyed = KeyedVectors.load_word2vec_format(str(path), binary=False, no_header=headless)
    except (ValueError, EOFError, OSError, IndexError, MemoryError, OverflowError, zlib.error, BadZipFile) as error:
        raise UserError(f"{path}: a bad line in the word vectors ({reason_of(error)}); get the file again.") from error
    bad = np.flatnonzero(~np.isfinite(keyed.vectors).all(axis=1))
    if len(bad):
        raise UserError(f"{path}: the vector of {keyed.index_to_key[bad[0]]!r} has numbers that are not finite.")
    return keyed


def _check_start(path: Path) -> bool:
    """Whether the file has no header: GloVe's layout starts with the first word, word2vec's with two numbers.

    gensim takes memory for as many vectors as the header claims, and reads as many lines: so it is checked before.
    """
    from gensim.utils import open as open_any

    try:
        with open_any(str(path), "rb") as file:
            start = file.readline(LONGEST_LINE)
            first, second = start.split(), file.readline(LONGEST_LINE).split()
            lines = 1 + bool(second) + sum(1 for _ in file) if len(first) == 2 else 0
    except (OSError, ValueError, EOFError, zlib.error, BadZipFile) as error:
        raise UserError(f"{path}: cannot be read as word vectors ({reason_of(error)}); get the file again.") from error
    if not first:
        raise UserError(f"{path}: an empty file; get the word vectors again.")
    if b"\t" in start or len(start) == LONGEST_LINE:
        what = "tabs in its first line" if b"\t" in start else f"its first line is longer than {LONGEST_LINE:,} bytes"
        raise UserError(f"{path}: {what}; GloVe's layout has a word and its numbers in each line, with single spaces.")
    if len(first) == 2:
        if [first[0].isdigit(), first[1].isdigit()] != [True, True]:
            raise UserError(f"{path}: its first line has a word and a single number; get the word vectors again.")
        claimed = int(first[0][:20]), int(first[1][:20])
        if claimed != (lines - 1, len(second) - 1) or not all(claimed):
            raise UserError(
                f"{path}: its first line claims {claimed[0]} vectors of {claimed[1]} numbers, but {lines - 1} lines of "
                f"{max(0, len(second) - 1)} follow; get the file again."
            )
        return False
    if len(first) == 1:
        raise UserError(f"{path}: a word without numbers in its first line; get the word vectors again.")
    return True


def _fetch(name: str) -> Any:
    import gensim.downloader

    try:
        known = gensim.downloader.info()["models"]
    except Exception as error:
        raise _NoNetwork(f"could not be fetched, {reason_of(error, 120)}") from error
    if name not in known:
        raise UserError(f"--data.word_vectors {name}: neither a file nor known to gensim.{did_you_mean(name, known)}")
    try:
        return gensim.downloader.load(name)
    except Exception as error:
        raise UserError(
            f"--data.word_vectors {name}: the download broke off ({reason_of(error)}); run again."
        ) from error


def _lookup(keyed: Any, categories: list[str], where: str) -> np.ndarray:
    by_lower: dict[str, str] = {}
    for word in keyed.index_to_key:  # the first, most frequent spelling wins
        if word is not None:  # gensim leaves None at the end for words that stand in the file twice
            by_lower.setdefault(word.lower(), word)
    rows = []
    for category in categories:
        words = next((found for found in _ways(category) if all(word in by_lower for word in found)), None)
        if words is None:
            missing = [word for word in category.lower().split() if word not in by_lower]
            raise UserError(
                f"{where}: has no vector for {' and '.join(map(repr, missing))} (category {category!r})."
                f"{did_you_mean(missing[0], by_lower)} Use another --data.word_vectors, or leave the category out."
            )
        rows.append(np.mean([keyed[by_lower[word]] for word in words], axis=0, dtype=np.float64))
    vectors = np.stack(rows)
    _check_vectors(vectors, categories, where)
    return vectors


def _check_vectors(vectors: np.ndarray, categories: list[str], where: str) -> None:
    """Refuse vectors (C, D) that say nothing, and two categories with the same one."""
    lengths = np.linalg.norm(vectors, axis=1)
    for category, length in zip(categories, lengths, strict=True):
        if not LENGTHS[0] <= length <= LENGTHS[1]:
            raise UserError(
                f"{where}: the vector of {category!r} is {length:.1e} long, not {LENGTHS[0]:.0e} to {LENGTHS[1]:.0e}; "
                "get the file again, or scale its vectors."
            )
    _, places = np.unique(vectors, axis=0, return_inverse=True)
    seen: dict[int, str] = {}
    for category, place in zip(categories, places.ravel().tolist(), strict=True):
        if place in seen:
            raise UserError(
                f"{where}: {seen[place]!r} and {category!r} have the same vector, so a drawing cannot be either; "
                "leave one out, or get the file again."
            )
        seen[place] = category


def _ways(category: str) -> Iterator[list[str]]:
    """Ways to look a name up: whole, joined in the usual ways, then word by word."""
    words = category.lower().replace("-", " ").split()
    yield [category.lower()]
    for joint in ("_", "-", " ", ""):
        yield [joint.join(words)]
    yield words
