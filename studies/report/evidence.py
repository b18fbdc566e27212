"""What the logs hold for a report: finished runs, comparisons and sweeps; and what in there is none of these."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from experiment.active_settings import settings_in_force
from experiment.commandline import from_yaml
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.run import Run, finished_runs, logs_folder
from studies.report.plan import Plan, Task
from studies.sweep.definition import Sweep
from training.tracks import TRACKS
from visualization.run_data import Results, read_results

TASKS = {"task_one": "Task I", "task_two": "Task II", "task_three": "Task III"}
STAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?=_\d{2}-\d{2}-\d{2})")
"""The date in the name of a run's folder."""


@dataclass(frozen=True)
class TrainedRun:
    """A finished run."""

    folder: Path
    experiment: Experiment
    metrics: dict[str, Any]
    results: Results

    @property
    def data(self) -> dict[str, Any]:
        """What the run notes down about its data."""
        return dict(self.metrics["data"])


@dataclass(frozen=True)
class ComparisonNumbers:
    """A comparison's folder, and its `comparison.json`."""

    folder: Path
    experiment: Experiment
    numbers: dict[str, Any]


@dataclass(frozen=True)
class SweepNumbers:
    """A sweep's folder: its ranking without failed trials, row by row, and the data of its best trial."""

    folder: Path
    fields: list[str]
    rows: list[dict[str, str]]
    data: dict[str, Any]
    best: Experiment
    """Of the best trial."""

    def run(self, row: dict[str, str]) -> Path:
        """The folder of a trial; the logs may have been moved since."""
        return self.folder / Path(row["run"]).name


@dataclass
class Evidence:
    """All that a report is written from."""

    runs: dict[tuple[str, str], TrainedRun] = field(default_factory=dict)
    """By task and track. Two runs of a task have the same settings and data."""
    comparisons: dict[str, ComparisonNumbers] = field(default_factory=dict)
    """By task."""
    sweeps: dict[str, SweepNumbers] = field(default_factory=dict)
    """By the name that the report's config gives them."""
    others: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    """Folders and `metrics.json` of all further finished runs."""
    skipped: dict[Path, str] = field(default_factory=dict)
    """Folders that cannot be used, and why."""

    def run(self, task: str) -> TrainedRun | None:
        """A run of the task: NumPy's, or Lightning's where there is no other."""
        return next((self.runs[task, track] for track in TRACKS if (task, track) in self.runs), None)

    def pair(self, task: str) -> list[TrainedRun]:
        """The runs of both tracks, or none where one of them is missing."""
        runs = [self.runs[task, track] for track in TRACKS if (task, track) in self.runs]
        return runs if len(runs) == len(TRACKS) else []

    def missing(self, plan: Plan) -> list[list[str]]:
        """Commands for what was asked for and is missing; sweeps first, which refuse to continue with other settings.

        Without a config, only the other track's run of a task that has one, or everything where there is nothing.
        """
        tasks = [task for task in plan.tasks if plan.demanding or self.run(task) or not self.runs]
        commands = [plan.sweeping(name) for name in plan.sweeps if plan.demanding and name not in self.sweeps]
        commands += [
            self.training(plan, task, track) for task in tasks for track in TRACKS if (task, track) not in self.runs
        ]
        commands += [plan.comparison(task) for task in tasks if plan.demanding and task not in self.comparisons]
        return [list(command) for command in dict.fromkeys(map(tuple, commands))]

    def training(self, plan: Plan, task: str, track: str) -> list[str]:
        """The command that makes a task's run again, or the other track's run that would be its pair."""
        run = self.runs.get((task, track)) or self.run(task)
        return plan.training(task, track, run.experiment, run.data["source"]) if run else plan.training(task, track)

    def date(self) -> str:
        """The date of the newest folder that is used, by its name; empty where no name tells."""
        folders = [run.folder for run in self.runs.values()]
        folders += [comparison.folder for comparison in self.comparisons.values()]
        folders += [sweep.run(row) for sweep in self.sweeps.values() for row in sweep.rows if row["run"]]
        return max((found[0] for folder in folders if (found := STAMP.match(folder.name))), default="")


def gather(plan: Plan) -> Evidence:
    """Look through the logs. Nothing in there is an error: what cannot be used is noted as skipped."""
    evidence = Evidence()
    for task, asked in plan.tasks.items():
        for run in sorted(_choose(evidence, plan, asked), key=lambda run: list(TRACKS).index(run.metrics["track"])):
            evidence.runs[task, run.metrics["track"]] = run
        folder = logs_folder(asked.experiment, "comparisons") / asked.experiment.experiment / "comparison"
        for each in _newest_first(folder):
            comparison = _read(evidence, each, _comparison, asked, evidence.run(task), plan.demanding)
            if comparison:
                evidence.comparisons[task] = comparison
                break
    for name, sweep in plan.sweeps.items():
        folder = logs_folder(sweep.experiment({}), "sweeps") / sweep.name / "numpy"
        if (folder / "ranking.csv").is_file():
            found = _read(evidence, folder, _sweep, sweep, plan.demanding)
            if found:
                evidence.sweeps[name] = found
    _look_at_the_rest(plan, evidence)
    return evidence


def unlike(evidence: Evidence) -> list[str]:
    """What keeps the numbers of this report from being compared: parts with other data."""
    if not evidence.runs:
        return []
    first = next(iter(evidence.runs.values())).data
    parts: dict[str, dict[str, Any]] = {TASKS[task]: run.data for (task, _), run in evidence.runs.items()}
    parts |= {f"the comparison of {TASKS[task]}": each.numbers["data"] for task, each in evidence.comparisons.items()}
    parts |= {f"the sweep {each.folder.parent.name}": each.data for each in evidence.sweeps.values()}
    other = [name for name, data in parts.items() if not _same_drawings(data, first)]
    if not other:
        return []
    return [
        f"Not all parts of this report are about the same data. Other data than the first run's: {', '.join(other)}."
    ]


def _same_drawings(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two parts have the same drawings; strokes and bitmaps of them differ in every byte."""
    if len(one["shape"]) == len(other["shape"]):
        return bool(one["checksums"] == other["checksums"])
    return all(one[name] == other[name] for name in ("source", "categories", "per_category"))


def _choose(evidence: Evidence, plan: Plan, asked: Task) -> list[TrainedRun]:
    """The newest two runs with the same settings and data, one of each track; else the newest run alone."""
    found: list[TrainedRun] = []
    for folder in finished_runs(plan.logs, asked.experiment.experiment):
        run = _read(evidence, folder, _trained, asked, plan.demanding)
        if run is None:
            continue
        pair = next((each for each in found if _are_equal(each, run)), None)
        if pair:
            return [pair, run]
        found.append(run)
    return found[:1]


def _are_equal(one: TrainedRun, other: TrainedRun) -> bool:
    """Whether two runs are of different tracks, and have the same settings and data."""
    settings = [settings_in_force(run.experiment) for run in (one, other)]
    tracks, data = (
        [run.metrics["track"] for run in (one, other)],
        [[run.data["checksums"], run.data["label"]] for run in (one, other)],
    )
    return tracks[0] != tracks[1] and settings[0] == settings[1] and data[0] == data[1]


def _newest_first(parent: Path) -> Iterator[Path]:
    if parent.is_dir():
        yield from sorted((folder for folder in parent.iterdir() if folder.is_dir()), reverse=True)


def _read(evidence: Evidence, folder: Path, read: Callable[..., Any], *arguments: Any) -> Any:
    """What `read` makes of a folder, or None with the reason noted."""
    try:
        return read(folder, *arguments)
    except (UserError, OSError, ValueError, KeyError, TypeError) as error:
        evidence.skipped[folder] = " ".join(str(error).replace(f"{folder}/", "").split()) or type(error).__name__
        return None


def _trained(folder: Path, asked: Task, demanding: bool) -> TrainedRun | None:
    run, experiment = Run(folder), from_yaml(folder / "config.yaml")
    metrics = run.read_json("metrics.json", "track", "test", "test_per_class", "validation_best", "data", "versions")
    wanted, sources = asked.experiment, ("auto", experiment.data.source, metrics["data"]["source"])
    if demanding and (settings_in_force(experiment) != settings_in_force(wanted) or wanted.data.source not in sources):
        return None
    return TrainedRun(folder, experiment, metrics, read_results(run))


def _comparison(folder: Path, asked: Task, run: TrainedRun | None, demanding: bool) -> ComparisonNumbers | None:
    if not (folder / "comparison.json").is_file():
        return None
    experiment = from_yaml(folder / "config.yaml")
    numbers = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    if not numbers["gradients"]:  # of two finished runs
        return None
    wanted = run.experiment if run else asked.experiment
    if (run or demanding) and _without_dtype(experiment) != _without_dtype(wanted):
        return None
    if run and numbers["data"]["checksums"] != run.data["checksums"]:
        return None
    return ComparisonNumbers(folder, experiment, numbers)


def _without_dtype(experiment: Experiment) -> dict[str, Any]:
    """A comparison is made in both number types."""
    return {name: value for name, value in settings_in_force(experiment).items() if name != "trainer.dtype"}


def _sweep(folder: Path, asked: Sweep, demanding: bool) -> SweepNumbers | None:
    with open(folder / "ranking.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    fields = list(rows[0])[1 : 1 + len(asked.parameters)]
    best = from_yaml(folder / "best.yaml")
    asked_for = asked.experiment({name: rows[0][name] for name in fields})
    if demanding and settings_in_force(best) != settings_in_force(asked_for):
        return None
    found = SweepNumbers(folder, fields, rows, {}, best)
    data = Run(found.run(rows[0])).read_json("data.json", "label", "checksums", "description")
    done = [row for row in rows if row["val/loss"]]
    return SweepNumbers(folder, fields, done, data, best)


def _metrics(folder: Path) -> dict[str, Any] | None:
    return Run(folder).read_json("metrics.json", "test", "data", "model")


def _look_at_the_rest(plan: Plan, evidence: Evidence) -> None:
    """Other finished runs, and everything else in the logs."""
    used = {run.folder for run in evidence.runs.values()}
    for track in sorted(folder for folder in plan.logs.glob("*/*") if folder.is_dir()):
        if track.name not in TRACKS:
            evidence.skipped[track] = "not a folder of this project's runs"
            continue
        for folder in sorted(each for each in track.iterdir() if each.is_dir() and each not in used):
            reason = _why_not(folder)
            if reason:
                evidence.skipped.setdefault(folder, reason)
            elif metrics := _read(evidence, folder, _metrics):
                evidence.others.append((folder, metrics))


def _why_not(folder: Path) -> str:
    """Why a folder is neither a finished run nor a sweep's trial; empty where it is one."""
    if (folder / "metrics.json").is_file() or (folder / "trial.json").is_file():
        return ""
    if not (folder / "config.yaml").is_file():
        return "not a run of this project (it has no config.yaml)"
    try:
        yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError):
        return "its config.yaml is damaged"
    return "not finished (it has no metrics.json)"
