"""One seed, one stream of random numbers per purpose.

Each purpose gets a `numpy.random.Generator` of its own, spawned from the experiment's seed
(`SeedSequence(seed, spawn_key=…)`, as NumPy's manual advises for independent streams). Drawing more
numbers for one purpose, or adding a purpose at the end of the list, never shifts another. Indices
such as the epoch make a stream a function of (seed, epoch) alone, which is what lets a run resume.
"""

from __future__ import annotations

import numpy as np

PURPOSES = ("split", "order", "weights", "augmentation", "words", "doodles", "directions", "dropout", "sweep", "unseen")
"""Append only: a purpose's place in this list is part of its stream."""


def generator(seed: int, purpose: str, *indices: int) -> np.random.Generator:
    """The generator for `purpose`, and where given for one epoch, one batch and so on."""
    key = (PURPOSES.index(purpose), *indices)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def dropout_mask(seed: int, layer: int, place: tuple[int, int], p: float, shape: tuple[int, ...]) -> np.ndarray:
    """True where a number is kept, with probability 1 - p; `place` is the epoch and the batch.

    Drawn in float32 for any dtype of the network, so that a float64 run keeps the same numbers as a float32 run.
    """
    return generator(seed, "dropout", layer, *place).random(shape, np.float32) >= p
