"""Images that stay on disk: all of Quick, Draw! has 50 million, 39 GB, far more than memory holds.

Only the rows that are asked for are read, through a memory map of each category's file that is let go again at once:
what stays mapped counts as this process's memory. Reading rows one by one from all over 39 GB would be slow on any
disk, so a large epoch is shuffled in blocks (as in CorgiPile, Xu et al. 2022, "In-Database Machine Learning with
CorgiPile"): BLOCK neighbouring rows stay together, the blocks come in random order, and GROUP rows at a time are then
shuffled among themselves. With 345 categories, a group has blocks of most of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

BLOCK = 128
"""Neighbouring rows that stay together in the first step of the shuffle: 100 kB."""
GROUP = 1 << 16
"""Rows that are shuffled among themselves in its second step, and that are read at once: 50 MB."""
LARGE = 1 << 28
"""Bytes of drawings from which they stay on disk."""
SAMPLED = 4096
"""Rows that stand for all in the checksum."""


class ImagesOnDisk:
    """Some rows of each of several files as one array (N, H, W) uint8, of which `images[rows]` reads what it needs."""

    dtype = np.dtype(np.uint8)

    def __init__(self, parts: Sequence[tuple[Path, range]], side: int) -> None:
        self.parts = parts
        self.side = side
        self.starts = np.cumsum([0, *(len(rows) for _, rows in parts)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, H, W)."""
        return len(self), self.side, self.side

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """The images (len(rows), H, W) at these row numbers, each file being read in the order of its rows."""
        images = np.empty((len(rows), *self.shape[1:]), self.dtype)
        order = np.argsort(rows, kind="stable")
        cuts = np.searchsorted(rows[order], self.starts)
        for (path, chosen), start, first, last in zip(self.parts, self.starts, cuts, cuts[1:], strict=False):
            if last > first:
                places = order[first:last]
                file = np.load(path, mmap_mode="r", allow_pickle=False).reshape(-1, self.side, self.side)
                images[places] = file[rows[places] - start + chosen.start]
        return images

    def checksum(self) -> str:
        """SHA-256 of the files' names, the number of rows taken of each, and SAMPLED rows spread over all."""
        digest = hashlib.sha256()
        for path, chosen in self.parts:
            digest.update(f"{path.name} {chosen}\n".encode())
        digest.update(self[np.linspace(0, len(self) - 1, min(len(self), SAMPLED)).astype(np.int64)].tobytes())
        return digest.hexdigest()


def shuffled_in_blocks(rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """`rows` (N,) in an order for one epoch: blocks in random order, then each group shuffled."""
    blocks = random.permutation(-(-len(rows) // BLOCK))
    places = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
    shuffled = rows[places[places < len(rows)]]
    for start in range(0, len(shuffled), GROUP):
        random.shuffle(shuffled[start : start + GROUP])
    return shuffled
