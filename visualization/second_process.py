"""A second process that draws the figures of a training, so that its last seconds use two cores.

The process starts with the training and imports matplotlib meanwhile. When the results are there it draws all figures
but one, while this process works out the t-SNE, and then the t-SNE's.

It is a program of its own (`python -m visualization.figures`) and no fork: torch's and OpenMP's threads do not survive
a fork, and Windows has none. It lives no longer than this process: with this process its input ends.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from experiment.cores import usable_cores
from experiment.files import PROJECT
from visualization.run_data import Results
from visualization.tsne import find_places

if TYPE_CHECKING:
    from visualization.figures import Drawn

COMMAND = (sys.executable, "-m", "visualization.figures")


class SecondProcess:
    """Draws one run's figures: let it `begin`, do something else, and `finish`."""

    def __init__(self) -> None:
        # a session of its own: Ctrl-C in the terminal is for this process alone
        self._process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT, start_new_session=True
        )

    def begin(self, results: Results) -> None:
        """Let it draw the figures of `results`."""
        self._tell(results)

    def finish(self, results: Results) -> Drawn:
        """All figures of the same results. If the process has died, they are drawn here."""
        self._tell(find_places(results))
        assert self._process.stdout is not None
        try:
            drawn: Drawn = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError):
            return draw_here(results)
        return drawn

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    def _tell(self, message: Any) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # `finish` will find out


def draw_here(results: Results) -> Drawn:
    """All figures, drawn by this process."""
    from visualization.figures import draw_all  # with matplotlib, which this process often does not need

    return draw_all(results)


@contextmanager
def second_process(wanted: bool) -> Iterator[SecondProcess | None]:
    """A process that draws, for a block; None where none is `wanted`, or it would save no time.

    With a single core it would not, nor where this process has imported matplotlib already.
    """
    process = None
    if wanted and usable_cores() > 1 and "matplotlib" not in sys.modules:
        with suppress(OSError):  # the system allows no further process
            process = SecondProcess()
    try:
        yield process
    finally:
        if process:
            process.end()
