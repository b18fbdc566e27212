"""Runs the project's programs fast, and tells what they did: for bad_inputs.py and stops.py.

Each program is forked from a process that has imported the large libraries (tests/program_server.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TRACKS = {"numpy": "numpy_ref/train.py", "lightning": "train_lightning.py"}
TIMEOUT = 120.0
"""Seconds after which a program is killed."""


@dataclass(frozen=True)
class Outcome:
    """What a program left."""

    code: int
    stdout: str
    stderr: str
    seconds: float
    cpu_seconds: float
    """Of CPU time, which does not depend on what else the machine does."""


class Programs:
    """Runs programs, one after the other, in processes forked from `server`, or from a new one."""

    def __init__(self, server: subprocess.Popen[str] | None = None) -> None:
        command = [sys.executable, str(PROJECT / "tests" / "program_server.py")]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        self._server = server or subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(
        self,
        script: str,
        arguments: list[str],
        folder: Path,
        stop: tuple[int, float] | None = None,
        file_size: int | None = None,
    ) -> Outcome:
        """Run a script, or a package, in `folder`; `stop` is a signal, and after how many seconds it is sent."""
        server = self._server
        assert server.stdin is not None and server.stdout is not None
        script = str(PROJECT / script) if script.endswith(".py") else script
        with tempfile.TemporaryDirectory() as name:
            out, err = Path(name) / "out", Path(name) / "err"
            order = {"script": script, "arguments": arguments, "folder": str(folder), "file_size": file_size}
            files = list(enumerate((os.devnull, str(out), str(err))))
            start = time.perf_counter()
            server.stdin.write(json.dumps(order | {"files": files}) + "\n")
            server.stdin.flush()
            process = int(server.stdout.readline())
            timers = [threading.Timer(TIMEOUT, _send, (process, signal.SIGKILL))]
            if stop is not None:
                timers.append(threading.Timer(stop[1], _send, (process, stop[0])))
            for timer in timers:
                timer.start()
            code, used = server.stdout.readline().split()
            for timer in timers:
                timer.cancel()
            said = [path.read_text(errors="replace") if path.exists() else "" for path in (out, err)]
            return Outcome(int(code), said[0], said[1], time.perf_counter() - start, float(used))

    def train(self, track: str, arguments: list[str], folder: Path) -> Path:
        """A finished run of a track; returns its folder."""
        outcome = self.run(TRACKS[track], arguments, folder)
        assert outcome.code == 0, outcome.stderr
        return Path(next(line for line in outcome.stdout.splitlines() if line.startswith("Run:")).split(maxsplit=1)[1])

    def close(self) -> None:
        """End the process with the libraries."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()


def refusal_fault(outcome: Outcome, words: tuple[str, ...] = ()) -> str | None:
    """What is wrong with a refusal: None where it is one line that names one of `words`, with exit code 2."""
    lines = [line for line in outcome.stderr.splitlines() if line.strip()]
    if "Traceback" in outcome.stderr or "Exception ignored" in outcome.stderr:
        return "a traceback: " + lines[-1][:200]
    if outcome.code != 2:
        return f"exit code {outcome.code}: {' / '.join(lines[-2:])[:200]}"
    if len(lines) != 1 or not lines[0].startswith("error: "):
        return f"{len(lines)} lines: {' / '.join(lines)[:300]}"
    if words and not any(word in lines[0] for word in words):
        return f"names none of {', '.join(words)}: {lines[0][:300]}"
    return None


def _send(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
