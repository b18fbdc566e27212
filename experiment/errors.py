"""One clear line for a user's mistake, and exit code 2; tracebacks are for our own mistakes."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from experiment.interrupt import Interrupted, exit_on_signals

DISK_TROUBLE = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "your disk quota is used up; free some space and run again",
    errno.EFBIG: "the file would be larger than allowed (ulimit -f, or the file system); raise the limit and run again",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.EACCES: "permission denied; choose a folder that you may use",
    errno.EPERM: "permission denied; choose a folder that you may use",
}


class UserError(Exception):
    """A mistake that the user can fix. The message says in one line what is wrong, where, and how to fix it."""


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """`" Did you mean 'x'?"`, or an empty string where nothing is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""


def explain(error: OSError) -> str:
    """An operating system's error in one line: what went wrong, with which file, and what to do."""
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    what = DISK_TROUBLE.get(error.errno or 0) or error.strerror or " ".join(str(error).split())
    return f"{where}{what or type(error).__name__}"


def reason_of(error: BaseException, longest: int = 200) -> str:
    """Another library's error in one line, without the `[Errno None]` that some of them begin with."""
    words = " ".join(str(error).replace("[Errno None]", "").split())
    return words[:longest] or type(error).__name__


def run_program(main: Callable[[], int | None]) -> None:
    """Run an entry point; turn a user's mistake into one line on stderr and exit code 2."""
    exit_on_signals()
    _open_closed_streams()
    try:
        _check_surroundings()
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output (`| head`) has left: not a mistake
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except UserError as error:
        code = _complain(str(error))
    except OSError as error:
        code = _complain(explain(error))
    except MemoryError as error:
        code = _complain(f"not enough memory ({reason_of(error)}); take fewer images, or a smaller network or batch.")
    except Interrupted as error:
        print("\nStopped.", file=sys.stderr)
        code = error.exit_code
    gc.freeze()  # else Python, at the end, goes through all that torch has ever made: most of a second
    sys.exit(code)


def _complain(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2


def _open_closed_streams() -> None:
    """Give a program that was started with closed streams (`>&-`) something to write to."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal's encoding lacks is no reason to stop
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _check_surroundings() -> None:
    """Refuse a working folder that is gone, and names that cannot be passed on to libraries, which take UTF-8."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UserError("the working folder no longer exists; change to another one (cd) and run again.") from error
    for argument in sys.argv[1:]:
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            raise UserError(f"{argument!a}: not UTF-8; set PYTHONUTF8=1, or rename the file.") from error
