"""Run a submission in a process of its own, with limits on time, memory, files and processes, and without a network.

This protects against accidents, not against malice: see docs/check_diagnosis.md for a container.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import tokenize
from pathlib import Path

from safetensors import SafetensorError

from parity.check.seen import Seen, read

SECONDS = 30
"""CPU time of one submission. A busy machine does not use it up."""
PATIENCE = 3
"""Time on the clock that a second of CPU time may take: the end of code that sleeps."""
ROOT = Path(__file__).resolve().parents[2]


def watch(path: Path, seconds: float = SECONDS, seed: int = 0) -> Seen:
    """Everything that can be seen of a submission. Failures are in `error`, never raised."""
    path = path.resolve()
    try:
        with tokenize.open(path) as file:
            source = file.read()
    except OSError as error:
        return Seen([], [], f"cannot be read: {error.strerror}")
    except (UnicodeDecodeError, SyntaxError) as error:
        return Seen([], [], f"is not UTF-8 text ({error}); save it with UTF-8 encoding")
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        result = Path(folder) / "seen.safetensors"
        problem_seen = _run(path, result, Path(folder), seconds, seed)
        if not result.is_file():
            return Seen([], [], problem_seen or "the process ended without a result", source)
        try:
            return read(result, source)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as problem:
            return Seen([], [], f"the result could not be read: {problem}", source)


def _run(path: Path, result: Path, folder: Path, seconds: float, seed: int) -> str:
    """What kept the submission from its end, in words."""
    try:
        code = _server().run([str(path), str(result), str(seed)], folder, seconds)
    except (OSError, ValueError):  # the submission ended the server, too
        del _servers.mine
        return "the process that runs it was ended"
    if code is None:
        return f"stopped after {PATIENCE * seconds:g} s of waiting: it does not come to an end"
    if code == -signal.SIGXCPU:
        return f"stopped after {seconds:g} s of computing: it does not come to an end"
    if code < 0:
        return f"the process was ended by signal {signal.Signals(-code).name} (out of memory, or a crash)"
    return "" if code == 0 else f"the process ended with exit code {code}"


class _Server:
    """The process that starts submissions (inside/server.py); one for each of our threads."""

    def __init__(self) -> None:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1" if sys.dont_write_bytecode else "",
            "MPLBACKEND": "Agg",
            **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
        }
        command = [sys.executable, "-m", "parity.check.inside"]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=nowhere,
            bufsize=0,  # unbuffered, for select
        )

    def run(self, arguments: list[str], folder: Path, seconds: float) -> int | None:
        """The exit code of one submission, negative for a signal; None if it was stopped. Ends all of its processes."""
        order = {"arguments": arguments, "folder": str(folder), "seconds": seconds}
        orders, answers = self._process.stdin, self._process.stdout
        assert orders is not None and answers is not None
        orders.write(json.dumps(order).encode() + b"\n")
        child = int(answers.readline())
        ended, _, _ = select.select([answers], [], [], PATIENCE * seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        code = int(answers.readline())
        return code if ended else None


_servers = threading.local()


def _server() -> _Server:
    if not hasattr(_servers, "mine"):
        _servers.mine = _Server()
    mine: _Server = _servers.mine
    return mine
