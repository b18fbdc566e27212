"""Ctrl-C, taken at a batch's end: the epochs done so far are on disk by then, and nothing is half-written."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(Exception):
    """The user pressed Ctrl-C during training."""


class Watch:
    """Remembers whether Ctrl-C was pressed."""

    pressed = False

    def check(self) -> None:
        """Raise `Interrupted` if Ctrl-C was pressed since the training began."""
        if self.pressed:
            raise Interrupted


@contextmanager
def ctrl_c_watched() -> Iterator[Watch]:
    """Within the block a first Ctrl-C is only noted; a second one stops the program at once."""
    watch = Watch()

    def note(_signal: int, _frame: FrameType | None) -> None:
        if watch.pressed:
            raise KeyboardInterrupt
        watch.pressed = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield watch
    finally:
        signal.signal(signal.SIGINT, before)
