"""Train a set of published experiments in both tracks, and print published and measured results in one table.

python -m studies reproduce configs/reports/3_mnist --data.root data

The set is a folder of YAML configs with a `reported.yaml`, which lists them in order with the numbers of the report.
All other flags are the trainers'. Runs with the same config that already exist are not made again.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from experiment.commandline import parse_command, to_yaml
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.files import write_text
from experiment.run import finished_runs, logs_folder
from training.tracks import TRACKS, load_track


def main(arguments: list[str]) -> int:
    """Train what is missing; print the table, and keep it beside the runs."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    from studies.reproduce.published import read_reported, table

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
    path = logs_folder(experiments[0]) / f"{folder.name}.md"
    write_text(path, text)
    print(f"\n{text}\nThis table: {path}")
    return 0


def _train(track: str, config: Path, flags: list[str], experiment: Experiment) -> Path:
    command = [sys.executable, str(load_track(track).script), "--config", str(config), *flags]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise UserError(
            f"{config}: the {track} track ended with exit code {done.returncode} (its error message is above)."
        )
    print("  " + next(line for line in done.stdout.splitlines() if line.startswith("Test:")), flush=True)
    run = _finished(experiment, track)
    if run is None:
        raise UserError(f"{config}: the {track} track left no run of this config; was it changed meanwhile? Run again.")
    return run


def _finished(experiment: Experiment, track: str) -> Path | None:
    """The latest finished run of this very config, if there is one."""
    config = to_yaml(experiment)
    runs = finished_runs(logs_folder(experiment), experiment.experiment, track)
    return next((run for run in runs if (run / "config.yaml").read_text(encoding="utf-8") == config), None)
