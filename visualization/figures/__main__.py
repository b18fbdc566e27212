"""The process that draws a run's figures. `visualization/second_process.py` starts it and says what it is told."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from contextlib import suppress

from visualization.figures import draw_all


def main() -> None:
    """Draw for the program at the other end of the pipes; just end when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for that program
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr  # what a library prints must not get among the answers
    with suppress(EOFError, BrokenPipeError), answers:
        results = pickle.load(sys.stdin.buffer)
        drawn = draw_all(results, places=lambda: pickle.load(sys.stdin.buffer))
        pickle.dump(drawn, answers)


if __name__ == "__main__":
    main()
