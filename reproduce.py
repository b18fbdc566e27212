"""Train a whole set of experiments in both tracks, and print reported beside measured results.

python reproduce.py configs/reports/3_mnist --data.root data

The set is a folder of YAML configs with a `reported.yaml`, which lists them in order with the numbers of the report.
All further flags are the trainers'. Runs that are already there, with the same config, are not made again.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from experiment.commandline import parse_command, to_yaml
from experiment.config import Experiment
from experiment.errors import UserError, run_program
from experiment.files import PROJECT, write_text

TRACKS = {"numpy": PROJECT / "numpy_ref" / "train.py", "lightning": PROJECT / "train_lightning.py"}


def main() -> int:
    """Train what is missing; print the table, and keep it beside the runs."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    from experiment.reported import read_reported, table

    folder, flags = Path(arguments[0]), arguments[1:]
    reported = read_reported(folder)
    experiments = [
        parse_command("", ["--config", str(folder / row.config), *flags]).experiment for row in reported.rows
    ]
    runs: list[dict[str, Path]] = []
    for number, (row, experiment) in enumerate(zip(reported.rows, experiments, strict=True), start=1):
        runs.append({})
        for track in TRACKS:
            print(f"[{number}/{len(experiments)}] {row.config}, {track}", flush=True)
            found = _finished(experiment, track)
            runs[-1][track] = found or _train(track, folder / row.config, flags, experiment)
    text = table(reported, runs)
    path = Path(experiments[0].logs_root or PROJECT / "logs") / f"{folder.name}.md"
    write_text(path, text)
    print(f"\n{text}\nThis table: {path}")
    return 0


def _train(track: str, config: Path, flags: list[str], experiment: Experiment) -> Path:
    command = [sys.executable, str(TRACKS[track]), "--config", str(config), *flags]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise UserError(
            f"{config}: the {track} track ended with exit code {done.returncode} (its own words are above)."
        )
    print("  " + next(line for line in done.stdout.splitlines() if line.startswith("Test:")), flush=True)
    run = _finished(experiment, track)
    if run is None:
        raise UserError(f"{config}: the {track} track left no run of this config; was it changed meanwhile? Run again.")
    return run


def _finished(experiment: Experiment, track: str) -> Path | None:
    """The latest finished run of this very config, if there is one."""
    parent = Path(experiment.logs_root or PROJECT / "logs") / experiment.experiment / track
    config = to_yaml(experiment)
    for folder in sorted(parent.glob("*"), reverse=True):
        if (folder / "metrics.json").is_file() and (folder / "config.yaml").read_text() == config:
            return folder
    return None


if __name__ == "__main__":
    run_program(main)
