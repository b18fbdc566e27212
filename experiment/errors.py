"""One clear line for a user's mistake, and exit code 2; tracebacks are for our own mistakes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from experiment.interrupt import Interrupted

INTERRUPTED = 130  # the shell's exit code for a program stopped by Ctrl-C (128 + SIGINT)

DISK_TROUBLE = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "your disk quota is used up; free some space and run again",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.EACCES: "permission denied; choose a folder that you may use",
    errno.EPERM: "permission denied; choose a folder that you may use",
}


class UserError(Exception):
    """Something the user can mend. The message says what, where and how, in one line."""


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """`" Did you mean 'x'?"`, or an empty string where nothing is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""


def explain(error: OSError) -> str:
    """An operating system's error in one line: what went wrong, with which file, and what to do."""
    where = f"{error.filename}: " if error.filename else ""
    what = DISK_TROUBLE.get(error.errno or 0, error.strerror or str(error))
    return f"{where}{what}"


def run_program(main: Callable[[], int | None]) -> None:
    """Run an entry point; turn a user's mistake into one line on stderr and exit code 2."""
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output (`| head`) has left: not a mistake
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except UserError as error:
        code = _complain(str(error))
    except OSError as error:
        code = _complain(explain(error))
    except (KeyboardInterrupt, Interrupted):
        print("\nstopped.", file=sys.stderr)
        code = INTERRUPTED
    sys.exit(code)


def _complain(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2
