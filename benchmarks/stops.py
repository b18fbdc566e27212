"""Stops runs at random moments, by signals and by full disks, and compares what is resumed with an undisturbed run."""

from __future__ import annotations

import random
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from benchmarks.program_runs import TRACKS, Programs, refusal_fault

SAME_BYTES = ("model.safetensors", "first_epoch.safetensors", "predictions.npz", "history.csv", "split.npz")
SETTINGS = ["--data.source=doodles", "--data.train_per_category=200", "--data.test_per_category=20"]
SETTINGS += ["--trainer.max_epochs=4", "--trainer.patience=9", "--optimizer.name=adam", "--logs_root=logs"]
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Reference:
    """An undisturbed run of a track."""

    track: str
    run: Path
    seconds: float
    largest: int
    """Bytes of its largest file."""
    settings: list[str]
    """The flags of it, and of the runs that will be stopped."""

    @classmethod
    def make(cls, programs: Programs, track: str, folder: Path, *flags: str) -> Reference:
        """Train it, twice: the second time it takes as long as the runs that will be stopped."""
        settings = [*SETTINGS, *flags]
        run = programs.train(track, settings, folder)
        outcome = programs.run(TRACKS[track], settings, folder)
        largest = max(path.stat().st_size for path in run.rglob("*") if path.is_file())
        return cls(track, run, outcome.seconds, largest, settings)


def stop_and_resume(programs: Programs, reference: Reference, folder: Path, chance: random.Random) -> str | None:
    """Stop a run by a random signal at a random moment, and resume it; returns what is wrong."""
    number, after = chance.choice(SIGNALS), chance.uniform(0.05, reference.seconds)
    where = folder / f"stop_{chance.random()}"
    where.mkdir()
    stopped = programs.run(TRACKS[reference.track], reference.settings, where, stop=(number, after))
    what = f"{reference.track}, {number.name} after {after:.2f} s"
    expected = -number if number == signal.SIGKILL else 128 + number
    if stopped.code not in (0, expected) or "Traceback" in stopped.stderr or "Fatal" in stopped.stderr:
        return f"{what}: exit code {stopped.code}: {stopped.stderr[-300:]}"
    runs = list((where / "logs" / "softmax" / reference.track).glob("*"))
    if stopped.code == 0 and not (runs and (runs[0] / "metrics.json").is_file()):
        return f"{what}: exit code 0 without a result"
    begun = stopped.code == 128 + number and "Run:" in stopped.stdout
    if begun and f"--resume {runs[0]}" not in stopped.stdout + stopped.stderr:
        return f"{what}: names no --resume"
    fault = _resume(programs, reference, where, runs)
    shutil.rmtree(where)
    return fault and f"{what}: {fault}"


def fill_disk(programs: Programs, reference: Reference, folder: Path, chance: random.Random) -> str | None:
    """Let no file grow beyond a random size, as `ulimit -f` does, then lift that and resume; returns what is wrong."""
    size = chance.randrange(reference.largest)
    where = folder / f"full_{chance.random()}"
    where.mkdir()
    outcome = programs.run(TRACKS[reference.track], reference.settings, where, file_size=size)
    what = f"{reference.track}, {size} bytes"
    fault = refusal_fault(outcome, (str(where),))
    if fault is None and list(where.rglob("*.tmp")):
        fault = "left a temporary file"
    runs = list((where / "logs" / "softmax" / reference.track).glob("*"))
    fault = fault or _resume(programs, reference, where, runs)
    shutil.rmtree(where)
    return fault and f"{what}: {fault}"


def _resume(programs: Programs, reference: Reference, where: Path, runs: list[Path]) -> str | None:
    """Resume the run, or begin one where there is none, and compare its files with the reference's."""
    again = [f"--resume={runs[0]}"] if runs and any(runs[0].iterdir()) else reference.settings
    resumed = programs.run(TRACKS[reference.track], again, where)
    if resumed.code != 0:
        return f"not resumed: exit code {resumed.code}: {resumed.stderr[-300:]}"
    (run,) = (path for path in (where / "logs" / "softmax" / reference.track).glob("*") if any(path.iterdir()))
    if list(run.rglob("*.tmp")):
        return "left temporary files"
    different = [name for name in SAME_BYTES if (run / name).read_bytes() != (reference.run / name).read_bytes()]
    return f"other bytes in {', '.join(different)}" if different else None
