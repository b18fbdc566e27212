"""The one data module that feeds both tracks; NumPy only.

It loads the drawings, sets some of the training drawings apart for validation, and cuts each split into batches.
A batch is a function of (seed, split, epoch, place in the epoch) alone, so both tracks see the same bits,
whether a run is new or resumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from datamodules.augmentation import augment
from datamodules.drawings import Drawings
from datamodules.sources import load_drawings
from datamodules.word_vectors import WordVectors, load_word_vectors
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.randomness import generator

Split = Literal["train", "validation", "test"]
Batch = tuple[np.ndarray, np.ndarray]
"""Drawings (B, 1, 28, 28) from 0 to 1 in the experiment's dtype, and labels (B,) int64."""


class QuickDrawDataModule:
    """Quick, Draw! drawings as train, validation and test batches.

    Args:
        experiment: which drawings, how many, which batch size, dtype and seed.

    Raises:
        UserError: whatever is wrong with the data, in one line.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.config = experiment.data
        self.seed = experiment.seed
        self.dtype = np.dtype(experiment.trainer.dtype)
        self.drawings: Drawings = load_drawings(self.config)
        self.rows = self._split_rows()
        self.words: WordVectors | None = None
        if experiment.model == "dual_tower":
            self.words = load_word_vectors(self.config.word_vectors, self.categories, self.seed)

    @property
    def categories(self) -> list[str]:
        """Names of the classes, in the order of their labels."""
        return self.drawings.categories

    @property
    def description(self) -> str:
        """One line for people: source, origin and counts. It stands first in the output and in every figure."""
        counts = ", ".join(f"{len(rows):,} {split}" for split, rows in self.rows.items())
        lines = [f"{self.drawings.source}: {self.drawings.description} ({len(self.categories)} categories; {counts})"]
        if self.words is not None:
            lines.append(self.words.description)
        return "; ".join(lines)

    @property
    def label(self) -> str:
        """The source in two or three words, for the titles of figures."""
        words = "" if self.words is None or "RANDOM" not in self.words.description else ", RANDOM WORD VECTORS"
        return ("DOODLES, not Quick, Draw!" if self.drawings.source == "doodles" else "Quick, Draw!") + words

    def facts(self) -> dict[str, object]:
        """What a run notes down about its data."""
        return {
            "source": self.drawings.source,
            "description": self.description,
            "label": self.label,
            "categories": self.categories,
            "counts": {split: len(rows) for split, rows in self.rows.items()},
            "checksums": self.drawings.checksums(),
        }

    def images(self, split: Split) -> np.ndarray:
        """The drawings of a split, (N, 28, 28) uint8, in the order of its evaluation batches."""
        return self._pool(split)[0][self.rows[split]]

    def labels(self, split: Split) -> np.ndarray:
        """The labels of a split, (N,) int64, in the order of its evaluation batches."""
        return self._pool(split)[1][self.rows[split]]

    def num_batches(self, split: Split) -> int:
        """Batches in one pass through a split, the last short one included."""
        return -(-len(self.rows[split]) // self.config.batch_size)

    def batches(self, split: Split, epoch: int = 0) -> Iterator[Batch]:
        """One pass through a split: shuffled and augmented anew each `epoch` for training, else in order."""
        images, labels = self._pool(split)
        rows = self.rows[split]
        augmented = split == "train" and self.config.augmentation.active
        if split == "train":
            rows = generator(self.seed, "order", epoch).permutation(rows)
        scale = self.dtype.type(1 / 255)
        for number, start in enumerate(range(0, len(rows), self.config.batch_size)):
            chosen = rows[start : start + self.config.batch_size]
            pixels = images[chosen]
            if augmented:
                random = generator(self.seed, "augmentation", epoch, number)
                pixels = augment(pixels, self.config.augmentation, random)
            batch = pixels[:, None].astype(self.dtype)
            batch *= scale
            yield batch, labels[chosen]

    def _pool(self, split: Split) -> tuple[np.ndarray, np.ndarray]:
        if split == "test":
            return self.drawings.test_images, self.drawings.test_labels
        return self.drawings.train_images, self.drawings.train_labels

    def _split_rows(self) -> dict[Split, np.ndarray]:
        count = len(self.drawings.train_labels)
        held_out = round(count * self.config.val_fraction)
        if not 0 < held_out < count:
            raise UserError(
                f"--data.val_fraction {self.config.val_fraction} of {count} drawings leaves a split empty; "
                "take more drawings or another fraction."
            )
        order = generator(self.seed, "split").permutation(count)
        return {
            "train": np.sort(order[held_out:]),
            "validation": np.sort(order[:held_out]),
            "test": np.arange(len(self.drawings.test_labels)),
        }
