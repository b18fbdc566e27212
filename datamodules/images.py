"""The core of every data module: split, batches, augmentation. It feeds both tracks; NumPy only.

It loads the images, splits off some of the training images for validation, and cuts each split into batches.
A batch is a function of (seed, split, epoch, place in the epoch) alone, so both tracks see the same bits,
whether a run is new or resumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from datamodules.augmentation import augment
from datamodules.image_dataset import ImageDataset
from datamodules.on_disk import GROUP, ImagesOnDisk, shuffled_in_blocks
from datamodules.prefetch import prefetch
from datamodules.sequences import CHANNELS, as_input, by_length, lengths, trimmed
from datamodules.stroke_augmentation import augment_points
from datamodules.word_vectors import WordVectors, load_word_vectors
from experiment.config import Data, Experiment
from experiment.errors import UserError
from experiment.randomness import generator
from experiment.registry import MODELS

Split = Literal["train", "validation", "test", "unseen"]
"""`unseen`: the test drawings of the categories that training never shows, where there are any."""
Batch = tuple[np.ndarray, np.ndarray]
"""Images (B, C, H, W) from 0 to 1, or sequences of points (B, T, 6), in the experiment's dtype; labels (B,) int64."""
MAPPED = 5
"""Categories of which an example's feature maps are shown."""
TOGETHER = 512
"""Images that are gathered, augmented and turned into numbers at once, at least: some batches of the usual size."""
EXAMPLES = 500
"""Maximum number of test images for t-SNE, the projector and the pictures of predictions."""


class ImageDataModule:
    """Labelled images as train, validation and test batches. A subclass says where the images come from.

    Args:
        experiment: which images, how many, which batch size, dtype and seed.

    Raises:
        UserError: something is wrong with the data; the message is one line.
    """

    NAME = ""
    """The data set's name, for titles."""

    def __init__(self, experiment: Experiment) -> None:
        self.config = experiment.data
        self.seed = experiment.seed
        self.dtype = np.dtype(experiment.trainer.dtype)
        self.dataset: ImageDataset = self.load(self.config)
        self.categories, self.unseen = self._choose_unseen()
        new = {name: label for label, name in enumerate(self.categories + self.unseen)}
        self._new_label = np.array([new[name] for name in self.dataset.categories])
        self.rows = self._split_rows()
        self.words: WordVectors | None = None
        if MODELS[experiment.model].needs_words:
            self.words = load_word_vectors(self.config.word_vectors, self.categories, self.seed)

    def load(self, config: Data) -> ImageDataset:
        """Read, fetch or make the images."""
        raise NotImplementedError

    @property
    def description(self) -> str:
        """One line for people: source, origin and counts. It stands first in the output and in every figure."""
        counts = ", ".join(f"{len(rows):,} {split}" for split, rows in self.rows.items())
        lines = [f"{self.dataset.source}: {self.dataset.description} ({len(self.categories)} categories; {counts})"]
        if self.words is not None:
            lines.append(self.words.description)
        return "; ".join(lines)

    @property
    def label(self) -> str:
        """The data in two or three words, for the titles of figures."""
        return self.NAME + ("" if self.words is None or self.words.real else ", RANDOM WORD VECTORS")

    @property
    def as_strokes(self) -> bool:
        """Whether the drawings are sequences of points."""
        return self.config.form == "strokes"

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width of an image; of strokes the most points, and the numbers of each."""
        if self.as_strokes:
            return self.dataset.train_images.shape[1], CHANNELS
        height, width, *channels = self.dataset.train_images.shape[1:]
        return (channels or [1])[0], height, width

    def metadata(self) -> dict[str, object]:
        """What a run notes down about its data."""
        metadata: dict[str, object] = {
            "source": self.dataset.source,
            "description": self.description,
            "label": self.label,
            "categories": self.categories,
            "shape": list(self.shape),
            "counts": {split: len(rows) for split, rows in self.rows.items()},
            "per_category": {
                split: np.bincount(self.labels(split), minlength=len(self.categories)).tolist()
                for split in ("train", "validation", "test")
            },
            "checksums": self.dataset.checksums(),
        }
        return metadata | ({"unseen": self.unseen} if self.unseen else {})

    def images(self, split: Split, places: np.ndarray | None = None) -> np.ndarray:
        """The images of a split, (N, H, W) or (N, H, W, 3) uint8, in the order of its evaluation batches.

        Strokes are (N, POINTS, 3) uint8: see `sequences.py`.
        `places` in that order picks some of them; all of a large data set do not fit into memory.
        """
        rows = self.rows[split]
        return self._pool(split)[0][rows if places is None else rows[places]]

    def inputs(self, split: Split, places: np.ndarray) -> np.ndarray:
        """Some drawings of a split as the networks take them."""
        return as_input(self.images(split, places), self.shape, self.dtype)

    def labels(self, split: Split) -> np.ndarray:
        """The labels of a split, (N,) int64, in the order of its evaluation batches."""
        return self._new_label[self._pool(split)[1][self.rows[split]]]

    def example_rows(self) -> np.ndarray:
        """Row numbers of at most EXAMPLES test images, spread evenly over the test."""
        count = len(self.rows["test"])
        return np.unique(np.linspace(0, count - 1, min(count, EXAMPLES)).astype(np.int64))

    def mapped_rows(self) -> np.ndarray:
        """Row numbers of one example each of the first categories, whose feature maps are shown."""
        rows = self.example_rows()
        _, first = np.unique(self.labels("test")[rows], return_index=True)
        return rows[first[:MAPPED]]

    def num_batches(self, split: Split) -> int:
        """Batches in one pass through a split, the last short one included."""
        return -(-len(self.rows[split]) // self.config.batch_size)

    def batches(self, split: Split, epoch: int = 0) -> Iterator[Batch]:
        """One pass through a split: shuffled and augmented differently each `epoch` for training, else in order."""
        size = self.config.batch_size
        for images, labels in prefetch(self._groups(split, epoch)):
            for place in range(0, len(labels), size):
                some = images[place : place + size]
                yield trimmed(some) if self.as_strokes else some, labels[place : place + size]

    def order(self, split: Split, epoch: int) -> np.ndarray:
        """The row numbers (N,) of a split into its pool of images, in the order of an epoch's batches."""
        rows = self.rows[split]
        if split != "train":
            return rows
        random = generator(self.seed, "order", epoch)
        images = self.dataset.train_images
        on_disk = isinstance(images, ImagesOnDisk)
        shuffled = shuffled_in_blocks(rows, random) if on_disk else random.permutation(rows)
        if not self.as_strokes:
            return shuffled
        assert isinstance(images, np.ndarray)
        return by_length(shuffled, lengths(images), self.config.batch_size, random)

    def pool(self, split: Split) -> tuple[np.ndarray | ImagesOnDisk, np.ndarray]:
        """All images that the row numbers of a split count in, and their labels."""
        images, labels = self._pool(split)
        return images, self._new_label[labels]

    def _groups(self, split: Split, epoch: int) -> Iterator[Batch]:
        """Some batches at a time, in few and long operations, during which the thread that trains goes on."""
        labels = self._pool(split)[1]
        augmented = split == "train" and self.config.augmentation.active
        change = augment_points if self.as_strokes else augment
        for number, (pixels, chosen) in enumerate(self._read(split, epoch)):
            if augmented:
                pixels = change(pixels, self.config.augmentation, generator(self.seed, "augmentation", epoch, number))
            yield as_input(pixels, self.shape, self.dtype), self._new_label[labels[chosen]]

    def _read(self, split: Split, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The images of some batches and their row numbers; from disk, those of many more are read at once."""
        images, rows, size = self._pool(split)[0], self.order(split, epoch), self.config.batch_size
        together = size * max(1, TOGETHER // size)
        at_once = together * max(1, GROUP // together) if isinstance(images, ImagesOnDisk) else together
        for start in range(0, len(rows), at_once):
            chosen = rows[start : start + at_once]
            pixels = images[chosen]
            for place in range(0, len(chosen), together):
                yield pixels[place : place + together], chosen[place : place + together]

    def _pool(self, split: Split) -> tuple[np.ndarray | ImagesOnDisk, np.ndarray]:
        if split in ("test", "unseen"):
            return self.dataset.test_images, self.dataset.test_labels
        return self.dataset.train_images, self.dataset.train_labels

    def _choose_unseen(self) -> tuple[list[str], list[str]]:
        """The categories that are trained on, whose labels are their places, and those that are not."""
        names, count = self.dataset.categories, self.config.unseen
        if count > len(names) - 2:
            raise UserError(f"--data.unseen {count} leaves fewer than two of {len(names)} categories for training.")
        unseen = set(generator(self.seed, "unseen").choice(len(names), count, replace=False).tolist())
        return (
            [name for number, name in enumerate(names) if number not in unseen],
            [name for number, name in enumerate(names) if number in unseen],
        )

    def _split_rows(self) -> dict[Split, np.ndarray]:
        shown = self._new_label[self.dataset.train_labels] < len(self.categories)
        tested = self._new_label[self.dataset.test_labels] < len(self.categories)
        count = int(shown.sum())
        held_out = round(count * self.config.val_fraction)
        if not 0 < held_out < count:
            raise UserError(
                f"--data.val_fraction {self.config.val_fraction} of {count} drawings leaves a split empty; "
                "take more drawings or another fraction."
            )
        order = generator(self.seed, "split").permutation(np.flatnonzero(shown))
        rows: dict[Split, np.ndarray] = {
            "train": np.sort(order[held_out:]),
            "validation": np.sort(order[:held_out]),
            "test": np.flatnonzero(tested),
        }
        return rows | ({"unseen": np.flatnonzero(~tested)} if self.unseen else {})
