"""The child process: loads a submission, and drives it. All that it learns is in one file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from parity.check.inside.chance import tame
from parity.check.inside.data import Session
from parity.check.inside.load import load
from parity.check.inside.observe import sessions
from parity.check.inside.record import save
from parity.check.inside.server import serve
from parity.check.inside.settle import SEED


def main(arguments: list[str]) -> int:
    """Load, drive, record; the answer is in the result file, whatever the submission printed."""
    source, result = Path(arguments[0]).resolve(), Path(arguments[1])
    SEED[0] = int(arguments[2]) if len(arguments) > 2 else 0
    sys.dont_write_bytecode = True  # nothing is left beside the submission
    tame()
    process = os.getpid()
    try:
        submission = load(source)
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) and error.lineno else ""
        save(result, [], [], f"{line}{type(error).__name__}: {getattr(error, 'msg', error)}")
        return 0
    if os.getpid() != process:  # the submission forked: one process is enough
        return 0
    found: list[Session] = []
    try:
        found.extend(sessions(submission))
    except Exception as error:  # what was seen before is kept
        submission.skipped.append(f"our own search failed ({type(error).__name__}: {error}); please report it")
    save(result, found, submission.skipped, "")
    return 0


if __name__ == "__main__":
    serve(main)
