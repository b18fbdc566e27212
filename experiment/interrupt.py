"""What happens when a program is told to stop: by Ctrl-C (SIGINT), SIGTERM, or SIGUSR1, SLURM's usual warning.

A program leaves with the shell's exit code for the signal, 128 + its number: 130, 143 and 138. During training the
signal is taken at the end of a batch. At any other time the program leaves at once: all files are written whole or
not at all (`experiment/files.py`), so nothing is lost that `--resume` would need. It does not raise an exception from
the signal handler, which could come up anywhere: within torch's C++ initialization it is a "Fatal Python error", and
in a destructor it is lost.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from experiment.files import remove_unfinished_files

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name))
"""SIGUSR1 is SLURM's usual warning, and the one to which Lightning reacts (`sbatch --signal=SIGUSR1@90`)."""


class Interrupted(Exception):
    """A signal asked the training to stop."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.exit_code = 128 + number


class InterruptHandler:
    """Remembers which signal asked the training to stop."""

    received: int | None = None

    def check(self) -> None:
        """Raise `Interrupted` if a signal came since the training began."""
        if self.received is not None:
            raise Interrupted(self.received)


@contextmanager
def handle_interrupts() -> Iterator[InterruptHandler]:
    """Within the block a first signal is only noted, for `check`; a second one stops the block at once.

    However the block ends after a signal, it raises `Interrupted`: Lightning, which has a handler of its own for
    SIGTERM, would raise a SystemExit with code 0.
    """
    handler = InterruptHandler()

    def note(number: int, _frame: FrameType | None) -> None:
        if handler.received is not None:
            raise KeyboardInterrupt
        handler.received = number

    in_main_thread = threading.current_thread() is threading.main_thread()  # elsewhere Python allows no handlers
    before = {number: signal.signal(number, note) for number in SIGNALS} if in_main_thread else {}
    try:
        yield handler
        handler.check()
    except BaseException as error:
        if handler.received is None or isinstance(error, Interrupted):
            raise
        raise Interrupted(handler.received) from error
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def exit_on_signals() -> None:
    """From now on, leave at once when a signal comes. Call it before the large imports."""
    for number in SIGNALS:
        signal.signal(number, _exit)
    atexit.register(_ignore_signals)


def _ignore_signals() -> None:
    """All is done: Python, which now takes itself apart, would die of a signal instead of ending with its exit code."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def set_run_folder(folder: Path | None) -> None:
    """The run that `--resume` can continue; it is named when a signal comes."""
    _run["folder"] = folder


def stopped_message() -> str:
    """What to tell the user who stopped the program."""
    folder = _run["folder"]
    if folder is None:
        return "Stopped."
    return f"Stopped. The complete epochs are saved; continue with --resume {shlex.quote(str(folder))}"


_run: dict[str, Path | None] = {"folder": None}


def _exit(number: int, _frame: FrameType | None) -> None:
    processes = sys.modules.get("multiprocessing.process")  # not imported for this alone: it takes long
    for worker in processes.active_children() if processes else ():
        worker.terminate()
    remove_unfinished_files()
    with contextlib.suppress(Exception):  # the signal may have come in the middle of a write to it
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        os.write(2, f"\n{stopped_message()}\n".encode())
    os._exit(128 + number)
