"""A process that has imported NumPy and the modules of this package, and forks itself for each submission.

It reads orders as lines of JSON, and answers each with two lines: the number of the new process, and how that ended.
`import numpy` takes longer than most submissions take to run.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import resource
import sys
from collections.abc import Callable

MEMORY = 4 << 30
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def serve(main: Callable[[list[str]], int]) -> None:
    """Run `main` in a process of its own for each order, until the input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _begin(order["folder"], order["seconds"])
            os._exit(main(order["arguments"]))  # at once: the submission's threads may sleep for ever
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _begin(folder: str, seconds: float) -> None:
    """A session, folder and limits of its own, nothing to read or to write to, and no network."""
    os.setsid()
    os.chdir(folder)
    os.environ["HOME"] = folder
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    limits = {
        resource.RLIMIT_CPU: math.ceil(seconds),
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_FSIZE: 200 << 20,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most + (kind == resource.RLIMIT_CPU)))  # a signal, and a second later the end
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET)  # where the system forbids it, the network stays
