"""Output of a training while it runs: a progress bar in a terminal, and always a line per epoch."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from tqdm import tqdm

from experiment.run import Row


class Progress:
    """A bar over all batches of the training (in a terminal only), with a line above it for each epoch done."""

    def __init__(self, max_epochs: int, batches_per_epoch: int, epochs_done: int) -> None:
        self._max_epochs = max_epochs
        self._bar = tqdm(
            total=max_epochs * batches_per_epoch,
            initial=epochs_done * batches_per_epoch,
            unit="batch",
            disable=not sys.stderr.isatty(),
            leave=False,
            mininterval=0.2,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def batch_done(self) -> None:
        """One more batch."""
        self._bar.update()

    def epoch_done(self, row: Row, images_per_second: float) -> None:
        """One more epoch, with its history row."""
        line = (
            f"epoch {row['epoch']:>3}/{self._max_epochs}"
            f"  train loss {row['train/loss']:.4f} acc {row['train/accuracy']:.4f}"
            f"  val loss {row['val/loss']:.4f} acc {row['val/accuracy']:.4f}  {images_per_second:,.0f} images/s"
        )
        tqdm.write(line, file=sys.stdout)
        sys.stdout.flush()
