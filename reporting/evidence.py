"""What the logs hold for a report: finished runs, comparisons and sweeps; and what in there is none of these."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from experiment.commandline import flat_fields, from_yaml
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.figures.results import Results, read_results
from experiment.run import MAY_CHANGE_ON_RESUME, Run
from reporting.plan import TRACKS, Plan, Task
from sweeps.plan import Sweep

STAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?=_\d{2}-\d{2}-\d{2})")
"""The date in the name of a run's folder."""
ELSEWHERE = MAY_CHANGE_ON_RESUME - {"trainer.max_epochs"} | {"figures", "experiment", "trainer.dtype"}
"""Fields in which two runs of one task may differ without a word."""


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
    numbers: dict[str, Any]


@dataclass(frozen=True)
class SweepNumbers:
    """A sweep's folder: its ranking without failed trials, row by row, and the data of its best trial."""

    folder: Path
    fields: list[str]
    rows: list[dict[str, str]]
    data: dict[str, Any]

    def run(self, row: dict[str, str]) -> Path:
        """The folder of a trial; the logs may have been moved since."""
        return self.folder / Path(row["run"]).name


@dataclass
class Evidence:
    """All that a report is written from."""

    runs: dict[tuple[str, str], TrainedRun] = field(default_factory=dict)
    """By task and track."""
    comparisons: dict[str, ComparisonNumbers] = field(default_factory=dict)
    """By task."""
    sweeps: dict[str, SweepNumbers] = field(default_factory=dict)
    """By the name that the report's config gives them."""
    others: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    """Folders and `metrics.json` of all further finished runs, but for a sweep's."""
    skipped: dict[Path, str] = field(default_factory=dict)
    """Folders that are nothing of use, and why."""

    def missing(self, plan: Plan) -> list[list[str]]:
        """The commands that would make what is not there; searches first, which refuse to go on with other settings."""
        pairs = [(task, track) for task in plan.tasks for track in TRACKS]
        commands = [plan.search(name) for name in plan.sweeps if name not in self.sweeps]
        commands += [plan.training(task, track) for task, track in pairs if (task, track) not in self.runs]
        commands += [plan.comparison(task) for task in plan.tasks if task not in self.comparisons]
        return [list(command) for command in dict.fromkeys(map(tuple, commands))]

    def date(self) -> str:
        """The date of the newest folder that is used, by its name; empty where no name tells."""
        folders = [run.folder for run in self.runs.values()]
        folders += [comparison.folder for comparison in self.comparisons.values()]
        folders += [sweep.run(row) for sweep in self.sweeps.values() for row in sweep.rows if row["run"]]
        return max((found[0] for folder in folders if (found := STAMP.match(folder.name))), default="")


def gather(plan: Plan) -> Evidence:
    """Look through the logs. Nothing in there is an error: what cannot be used is noted down as skipped."""
    evidence = Evidence()
    for task, asked in plan.tasks.items():
        for track in TRACKS:
            for folder in _newest_first(asked.logs / asked.experiment.experiment / track):
                run = _read(evidence, folder, _trained, asked, plan.demanding)
                if run:
                    evidence.runs[task, track] = run
                    break
        for folder in _newest_first(asked.logs / asked.experiment.experiment / "comparison"):
            comparison = _read(evidence, folder, _comparison, asked, plan.demanding)
            if comparison:
                evidence.comparisons[task] = comparison
                break
    for name, sweep in plan.sweeps.items():
        folder = plan.logs / sweep.name / "numpy"
        if (folder / "ranking.csv").is_file():
            found = _read(evidence, folder, _sweep, sweep, plan.demanding)
            if found:
                evidence.sweeps[name] = found
    _look_at_the_rest(plan, evidence)
    return evidence


def unlike(evidence: Evidence) -> list[str]:
    """What keeps the numbers of this report from being compared: other data, other settings."""
    words = []
    for task, title in (("task_one", "Task I"), ("task_two", "Task II")):
        runs = [evidence.runs[task, track] for track in TRACKS if (task, track) in evidence.runs]
        if len(runs) == 2:
            if runs[0].data["checksums"] != runs[1].data["checksums"]:
                words.append(
                    f"The two runs of {title} saw different data: {runs[0].data['description']}; and "
                    f"{runs[1].data['description']}."
                )
            settings = [flat_fields(asdict(run.experiment)) for run in runs]
            for name, value in settings[0].items():
                if name not in ELSEWHERE and value != settings[1][name]:
                    words.append(f"The two runs of {title} differ in `{name}`: {value} and {settings[1][name]}.")
    if not evidence.runs:
        return words
    first = next(iter(evidence.runs.values())).data
    parts: dict[str, dict[str, Any]] = {f"{task}, {track}": run.data for (task, track), run in evidence.runs.items()}
    parts |= {f"the comparison of {task}": each.numbers["data"] for task, each in evidence.comparisons.items()}
    parts |= {f"the sweep {each.folder.parent.name}": each.data for each in evidence.sweeps.values()}
    other = [name.replace("_", " ") for name, data in parts.items() if data["checksums"] != first["checksums"]]
    if other:
        words.append(f"Not all parts of this report are about the same data as the first run: {', '.join(other)}.")
    return words


def _newest_first(parent: Path) -> Iterator[Path]:
    if parent.is_dir():
        yield from sorted((folder for folder in parent.iterdir() if folder.is_dir()), reverse=True)


def _read(evidence: Evidence, folder: Path, read: Callable[..., Any], *arguments: Any) -> Any:
    """What `read` makes of a folder, or None with the reason noted down."""
    try:
        return read(folder, *arguments)
    except (UserError, OSError, ValueError, KeyError, TypeError) as error:
        evidence.skipped[folder] = " ".join(str(error).replace(f"{folder}/", "").split()) or type(error).__name__
        return None


def _trained(folder: Path, asked: Task, demanding: bool) -> TrainedRun | None:
    if not (folder / "metrics.json").is_file():
        return None  # unfinished, a sweep's trial, or foreign: `_look_at_the_rest` says which
    experiment = from_yaml(folder / "config.yaml")
    if demanding and _settings(experiment) != _settings(asked.experiment):
        return None
    run = Run(folder)
    metrics = run.read_json("metrics.json", "track", "test", "test_per_class", "validation_best", "data", "versions")
    return TrainedRun(folder, experiment, metrics, read_results(run))


def _settings(experiment: Experiment) -> dict[str, Any]:
    """The fields that decide what a run learns."""
    fields = flat_fields(asdict(experiment))
    return {name: value for name, value in fields.items() if name not in ELSEWHERE - {"trainer.dtype"}}


def _comparison(folder: Path, asked: Task, demanding: bool) -> ComparisonNumbers | None:
    if not (folder / "comparison.json").is_file():
        return None
    experiment = from_yaml(folder / "config.yaml")
    numbers = json.loads((folder / "comparison.json").read_text())
    if not numbers["gradients"]:  # of two finished runs
        return None
    told = {name: value for name, value in _settings(experiment).items() if name != "trainer.dtype"}
    if demanding and any(_settings(asked.experiment)[name] != value for name, value in told.items()):
        return None
    return ComparisonNumbers(folder, numbers)


def _sweep(folder: Path, asked: Sweep, demanding: bool) -> SweepNumbers | None:
    with open(folder / "ranking.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    fields = list(rows[0])[1 : 1 + len(asked.parameters)]
    if demanding:
        best, asked_for = from_yaml(folder / "best.yaml"), asked.experiment({name: rows[0][name] for name in fields})
        if _settings(best) != _settings(asked_for):
            return None
    found = SweepNumbers(folder, fields, rows, {})
    data = Run(found.run(rows[0])).read_json("data.json", "label", "checksums", "description")
    done = [row for row in rows if row["val/loss"]]
    return SweepNumbers(folder, fields, done, data)


def _metrics(folder: Path) -> dict[str, Any] | None:
    if not (folder / "metrics.json").is_file():
        return None  # a trial of another sweep
    return Run(folder).read_json("metrics.json", "test", "data", "model")


def _look_at_the_rest(plan: Plan, evidence: Evidence) -> None:
    """Further finished runs, and whatever else lies in the logs."""
    used = {run.folder for run in evidence.runs.values()}
    sweeps = {sweep.name for sweep in plan.sweeps.values()}
    for track in sorted(folder for folder in plan.logs.glob("*/*") if folder.is_dir()):
        if track.name == "comparison" or track.parent.name == "sweeps":  # the latter holds databases of sweeps
            continue
        if track.name not in TRACKS:
            evidence.skipped[track] = "not a folder of this project's runs"
            continue
        for folder in sorted(each for each in track.iterdir() if each.is_dir() and each not in used):
            reason = _why_not(folder)
            if reason:
                evidence.skipped.setdefault(folder, reason)
            elif track.parent.name not in sweeps and (metrics := _read(evidence, folder, _metrics)):
                evidence.others.append((folder, metrics))


def _why_not(folder: Path) -> str:
    """Why a folder is neither a finished run nor a sweep's trial; empty where it is one."""
    if (folder / "metrics.json").is_file() or (folder / "trial.json").is_file():
        return ""
    if not (folder / "config.yaml").is_file():
        return "not a run of this project (it has no config.yaml)"
    try:
        yaml.safe_load((folder / "config.yaml").read_text())
    except (yaml.YAMLError, ValueError):
        return "its config.yaml is damaged"
    return "not finished (it has no metrics.json)"
