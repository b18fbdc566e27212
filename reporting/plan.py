"""What the report is about: the fields of configs/report.yaml, and the commands that make its runs."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

from experiment.commandline import parse_command, read_dataclass
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.files import PROJECT
from sweeps.plan import Sweep, read_sweep

CONFIGS = PROJECT / "configs"
TRACKS = {"numpy": "numpy_ref/train.py", "lightning": "train_lightning.py"}


@dataclass(frozen=True, kw_only=True)
class Sweeps:
    """The hyperparameter searches that the report draws on; paths count from the report's YAML."""

    hyperparameters: str = "sweeps/softmax_grid.yaml"
    """How Task I's hyperparameters were chosen."""
    depth: str = "sweeps/depth.yaml"
    """Number of hidden layers of Task I's network."""
    width: str = "sweeps/width.yaml"
    """Width of the hidden layers of Task I's network."""
    ablation: str = "sweeps/ablation.yaml"
    """What each ingredient brings."""
    word_tower: str = "sweeps/word_tower.yaml"
    """Frozen against trained word tower, with and without the margin term."""
    embedding: str = "sweeps/embedding.yaml"
    """Length of the vectors in which both towers meet."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The report's title page, and the experiments that it is about."""

    title: str = "The same network, written twice, shown to be the same"
    """Title of the document."""
    name: str = ""
    """The author."""
    student_number: str = ""
    """The author's number."""
    course: str = ""
    """The course that the report is handed in to."""
    links: dict[str, str] = field(default_factory=dict)
    """Further lines of the title page, {text: address}: the code's repository, a shared TensorBoard, ..."""
    task_one: str = "softmax.yaml"
    """Config of the classifier; a path counts from the report's YAML."""
    task_two: str = "dual_tower.yaml"
    """Config of the dual tower."""
    sweeps: Sweeps = field(default_factory=Sweeps)
    """The hyperparameter searches."""

    def __post_init__(self) -> None:
        for text, address in self.links.items():
            if not address.startswith(("http://", "https://")):
                raise UserError(f"links: {text!r} must lead to an address that begins with https://, not {address!r}.")


@dataclass(frozen=True)
class Task:
    """One of the two tasks: its config, the experiment in it, and where its runs lie."""

    config: Path
    experiment: Experiment
    logs: Path


class Plan:
    """A report with its experiments and sweeps read, and the command that makes each of their runs.

    Args:
        report: the fields of the YAML.
        folder: the folder from which the paths in it count.
        flags: flags for the trainers, on top of every config.
        demanding: whether a run must have the very settings of its config; else the newest of its name will do.
    """

    def __init__(self, report: Report, folder: Path, flags: list[str], demanding: bool) -> None:
        self.report, self.flags, self.demanding = report, flags, demanding
        self.tasks = {name: _task(folder / getattr(report, name), flags) for name in ("task_one", "task_two")}
        names = Sweeps.__dataclass_fields__
        self.sweep_files = {name: folder / getattr(report.sweeps, name) for name in names}
        self.sweeps: dict[str, Sweep] = {name: read_sweep(path, flags) for name, path in self.sweep_files.items()}

    @property
    def logs(self) -> Path:
        """The folder of all runs."""
        return self.tasks["task_one"].logs

    def training(self, task: str, track: str) -> list[str]:
        """The command that trains a task in a track."""
        return ["python", TRACKS[track], "--config", _shown(self.tasks[task].config), *self.flags]

    def comparison(self, task: str) -> list[str]:
        """The command that compares a task's two tracks."""
        return ["python", "compare.py", "--config", _shown(self.tasks[task].config), *self.flags]

    def search(self, sweep: str) -> list[str]:
        """The command that does a sweep."""
        jobs = ["--track", "numpy", "--jobs", "2"]
        return ["python", "sweep.py", _shown(self.sweep_files[sweep]), *jobs, *self.flags]


def read_plan(path: Path | None, flags: list[str]) -> Plan:
    """Read a report's YAML (None: the usual report, over whatever runs there are); a mistake is a `UserError`."""
    if path is None:
        return Plan(Report(), CONFIGS, flags, demanding=False)
    return Plan(read_dataclass(Report, path), path.parent, flags, demanding=True)


def as_line(command: list[str], width: int = 0) -> str:
    """A command as one would type it; beyond `width` characters it goes on in further lines, before a flag."""
    lines = [""]
    for word in command:
        quoted = shlex.quote(word)
        if width and word.startswith("--") and len(f"{lines[-1]} {quoted}") > width - 30:
            lines.append(f"    {quoted}")
        else:
            lines[-1] = f"{lines[-1]} {quoted}".removeprefix(" ") if len(lines) == 1 else f"{lines[-1]} {quoted}"
    return " \\\n".join(lines)


def to_run(command: list[str]) -> list[str]:
    """A command for this process to start, from any working directory."""
    _, program, *rest = command
    return [sys.executable, str(PROJECT / program), *rest]


def _task(config: Path, flags: list[str]) -> Task:
    experiment = parse_command("", ["--config", str(config), *flags]).experiment
    return Task(config, experiment, Path(experiment.logs_root or PROJECT / "logs"))


def _shown(path: Path) -> str:
    """A path as short as it can be typed."""
    path = path.resolve()
    for folder in (Path.cwd(), PROJECT):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return str(path)
