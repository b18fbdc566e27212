"""Judges the data of a training: the split, the pixels of each batch, the images and labels of each epoch.

Both tracks get the same batches, so that neither can tell whether these are right: here they are held against the data
set itself.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import numpy as np

from datamodules.augmentation import augment
from datamodules.image_dataset import as_batch
from datamodules.sequences import as_input
from datamodules.stroke_augmentation import augment_points
from parity.ledger import Finding, code_of
from parity.records import StepRecord
from parity.stored import as_stored, identities

HASHED = 60_000
"""Images whose identity is checked in every epoch; of larger data sets only the pixels are."""
MANY = 40
"""Augmented images of which a few may stay as they are by chance (a flip leaves half), but never all."""


class DataJudge:
    """Compares what was trained on with the data set; `context` is the lock-step with its ledger."""

    def __init__(self, context: Any) -> None:
        self.ledger, self.data, self.dtype = context.ledger, context.data, context.experiment.trainer.dtype
        self.hashed = len(self.data.rows["train"]) <= HASHED
        self.wanted: Counter[bytes] = Counter()
        """The training images with their labels: those of every epoch, unless they are augmented."""
        if self.hashed:
            self.wanted = identities(self.data.images("train"), self.data.labels("train"))
        self.seen: Counter[bytes] = Counter()
        self.before: Counter[bytes] = Counter()
        self.labels: dict[str, list[np.ndarray]] = {}
        self._compare_split()

    def _compare_split(self) -> None:
        """Training, validation and test are parts of the data without overlap, of the sizes that were asked for."""
        rows, data = self.data.rows, self.data
        shown = np.isin(
            data.dataset.train_labels, [c for c, name in enumerate(data.dataset.categories) if name in data.categories]
        )
        both = np.concatenate([rows["train"], rows["validation"]])
        whole = np.array_equal(np.sort(both), np.flatnonzero(shown))
        size = len(rows["validation"]) == round(int(shown.sum()) * data.config.val_fraction)
        code = code_of(type(data)._split_rows) if hasattr(type(data), "_split_rows") else ()
        for holds, what in (
            (whole, "training and validation rows are not the data set without overlap"),
            (size, "the validation split has another size than --data.val_fraction says"),
        ):
            self.ledger.check("split", bool(holds), lambda what=what: Finding("split", what, code=code))

    def batch(self, record: StepRecord) -> None:
        """A batch that both tracks got: its numbers are those of the data set, and each image comes once an epoch."""
        self.labels.setdefault(record.kind, []).append(record.labels)
        stored, off = as_stored(record.images)
        step, epoch = record.step, record.epoch + 1
        what = f"pixels or points of a {record.kind} batch are not the whole numbers of the data set"
        augmented = record.kind == "train" and self.data.config.augmentation.active
        if not (augmented and self.data.as_strokes):  # augmented points lie anywhere
            whole = off < 4 * 255 * float(np.finfo(self.dtype).eps)
            code = code_of(as_input if self.data.as_strokes else as_batch)
            self.ledger.check("pixels", whole, lambda: Finding("pixels", what, "", step, epoch, code=code))
        if record.kind == "train" and self.hashed:
            self.seen += identities(stored, record.labels)

    def epoch(self, epoch: int) -> None:
        """The batches of an epoch, from 1, are over."""
        if self.hashed:
            self._compare_images(epoch)
        self._compare_labels(epoch)
        self.labels.clear()

    def _compare_images(self, epoch: int) -> None:
        """The images of an epoch are those of the data set, or augmented ones that no epoch before has shown."""
        seen, self.seen = self.seen, Counter()
        if not self.data.config.augmentation.active:
            what = f"epoch {epoch} does not show each training image with its label once"
            code = code_of(type(self.data).order, type(self.data).batches)
            self.ledger.check("pixels", seen == self.wanted, lambda: Finding("pixels", what, epoch=epoch, code=code))
            return
        change = augment_points if self.data.as_strokes else augment
        code = code_of(change, getattr(type(self.data), "_groups", None))
        for others, name in (
            (self.wanted, "the data set's, not augmented"),
            (self.before, "those of the epoch before"),
        ):
            what = f"the augmented images of epoch {epoch} are {name}"
            finding = partial(Finding, "augmentation", what, epoch=epoch, code=code)
            if seen.total() >= MANY:
                self.ledger.check("augmentation", seen != others, finding)
        self.before = seen

    def _compare_labels(self, epoch: int) -> None:
        """The labels of an epoch are those of the images in its order; of augmented images nothing else can tell."""
        labels = self.data.pool("train")[1]
        wanted = {"train": labels[self.data.order("train", epoch - 1)], "validation": self.data.labels("validation")}
        for kind, expected in wanted.items():
            same = kind not in self.labels or np.array_equal(np.concatenate(self.labels[kind]), expected)
            what = f"labels of epoch {epoch}'s {kind} batches are not those of its images"
            code = code_of(getattr(type(self.data), "_groups", None), type(self.data).batches)
            self.ledger.check("pixels", same, partial(Finding, "pixels", what, epoch=epoch, code=code))
