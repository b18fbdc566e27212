"""Runs the project's programs fast, and tells what they did: for bad_inputs.py and stops.py."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path

from tests.forked_programs import ForkedProgram, ProgramServer

PROJECT = Path(__file__).resolve().parents[1]
TRACKS = {"numpy": "numpy_ref/train.py", "lightning": "train_lightning.py"}
TIMEOUT = 120.0
"""Seconds after which a program is killed."""


@dataclass(frozen=True)
class Outcome(ForkedProgram):
    """What a program left, and how long it took."""

    seconds: float


class Programs:
    """Runs programs in processes forked from `server`, or from a new one; several at once, if called by threads."""

    def __init__(self, server: ProgramServer | None = None) -> None:
        self._server = server or ProgramServer.start()

    def run(
        self,
        script: str,
        arguments: list[str],
        folder: Path,
        stop: tuple[int, float] | None = None,
        file_size: int | None = None,
    ) -> Outcome:
        """Run a script, or a package, in `folder`; `stop` is a signal, and after how many seconds it is sent."""
        script = str(PROJECT / script) if script.endswith(".py") else script
        stops = [(int(signal.SIGKILL), TIMEOUT), *([stop] if stop else [])]
        start = time.perf_counter()
        left = self._server.run(script, arguments, folder, stops, file_size)
        return Outcome(**vars(left), seconds=time.perf_counter() - start)

    def train(self, track: str, arguments: list[str], folder: Path) -> Path:
        """A finished run of a track; returns its folder."""
        outcome = self.run(TRACKS[track], arguments, folder)
        assert outcome.code == 0, outcome.stderr
        return Path(next(line for line in outcome.stdout.splitlines() if line.startswith("Run:")).split(maxsplit=1)[1])


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
