"""Run a submission in a process of its own, with limits on time, memory, files and processes, and without a network.

This protects against accidents, not against malice: see docs/check_diagnosis.md for a container.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
import tokenize
from pathlib import Path
from zipfile import BadZipFile

from parity.check.seen import Seen, read

SECONDS = 30
"""CPU time of one submission. A busy machine does not use it up."""
PATIENCE = 3
"""Time on the clock that a second of CPU time may take: the end of code that sleeps."""
MEMORY = 4 << 30
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
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
        result = Path(folder) / "seen.npz"
        problem_seen = _run(path, result, Path(folder), seconds, seed)
        if not result.is_file():
            return Seen([], [], problem_seen or "the process ended without a result", source)
        try:
            return read(result, source)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as problem:
            return Seen([], [], f"the result could not be read: {problem}", source)


def _run(path: Path, result: Path, folder: Path, seconds: float, seed: int) -> str:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ},
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1" if sys.dont_write_bytecode else "",
        "MPLBACKEND": "Agg",
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
    }
    command = [sys.executable, "-m", "parity.check.inside", str(path), str(result), str(seed)]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: _limit(seconds),
    )
    try:
        code = process.wait(PATIENCE * seconds)
    except subprocess.TimeoutExpired:
        return f"stopped after {PATIENCE * seconds:g} s of waiting: it does not come to an end"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if code == -signal.SIGXCPU:
        return f"stopped after {seconds:g} s of computing: it does not come to an end"
    if code < 0:
        return f"the process was ended by signal {signal.Signals(-code).name} (out of memory, or a crash)"
    return "" if code == 0 else f"the process ended with exit code {code}"


def _limit(seconds: float) -> None:
    """Limits of the child, set between fork and exec."""
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200 << 20, 200 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "unshare"):
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)  # where the system does not allow it, the network stays
