"""What the report is about: the fields of configs/report.yaml, and the commands that make its runs."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from experiment.commandline import flat_fields, parse_command, read_dataclass
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.files import PROJECT
from experiment.run import logs_folder
from studies.sweep.definition import Sweep, as_text, read_sweep
from training.tracks import load_track

CONFIGS = PROJECT / "configs"
MODELS_OF_TASKS = {"task_one": "softmax", "task_two": "dual_tower", "task_three": "sequence"}
"""The model that each task's chapter is about."""


@dataclass(frozen=True, kw_only=True)
class Sweeps:
    """The hyperparameter sweeps in the report; null leaves one out. Paths are relative to the report's YAML."""

    hyperparameters: str | None = None
    """How Task I's hyperparameters were chosen."""
    depth: str | None = None
    """Number of hidden layers of Task I's network."""
    width: str | None = None
    """Width of the hidden layers of Task I's network."""
    ablation: str | None = None
    """Task I's network without one ingredient at a time."""
    word_tower: str | None = None
    """Frozen against trained word tower, with and without the margin term."""
    embedding: str | None = None
    """Length of the vectors in which both towers end."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """The author's own text for each section: Markdown, or the name of a Markdown file (.md) beside the YAML."""

    introduction: str = ""
    """Stands before the summary."""
    data: str = ""
    """At the end of the chapter on the data."""
    task_one: str = ""
    """After the results of Task I."""
    task_two: str = ""
    """After the results of Task II."""
    task_three: str = ""
    """After the results of Task III."""
    comparison: str = ""
    """After the comparison of the two tracks."""
    discussion: str = ""
    """A chapter of its own."""
    conclusion: str = ""
    """A chapter of its own."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The report's title page, the experiments that it is about, and the author's text."""

    title: str = "The same network, written twice, shown to be the same"
    """Title of the document."""
    name: str = ""
    """The author."""
    student_number: str = ""
    """The author's number."""
    course: str = ""
    """The course for which the report is written."""
    links: dict[str, str] = field(default_factory=dict)
    """Further lines of the title page, {text: address}: the code's repository, a shared TensorBoard, ..."""
    full: bool = False
    """Whether to show all figures and tables; else about 14 pages for Tasks I and II."""
    task_one: str | None = "softmax.yaml"
    """Config of the classifier, relative to the report's YAML; null leaves the task out."""
    task_two: str | None = "dual_tower.yaml"
    """Config of the dual tower; null leaves the task out."""
    task_three: str | None = None
    """Config of the transformer on strokes; null leaves the task out."""
    sweeps: Sweeps = field(default_factory=Sweeps)
    """The hyperparameter sweeps."""
    words: Words = field(default_factory=Words)
    """The author's own text."""

    def __post_init__(self) -> None:
        for text, address in self.links.items():
            if not address.startswith(("http://", "https://")):
                raise UserError(f"links: {text!r} must lead to an address that begins with https://, not {address!r}.")
        if not (self.task_one or self.task_two or self.task_three):
            raise UserError("task_one: at least one of task_one, task_two and task_three must name a config.")


USUAL = Report(
    task_three="sequence.yaml",
    sweeps=Sweeps(
        hyperparameters="sweeps/softmax_grid.yaml",
        depth="sweeps/depth.yaml",
        width="sweeps/width.yaml",
        ablation="sweeps/ablation.yaml",
        word_tower="sweeps/word_tower.yaml",
        embedding="sweeps/embedding.yaml",
    ),
)
"""The report without a config: it shows those of these parts whose runs exist."""


@dataclass(frozen=True)
class Task:
    """One of the tasks: its config and the experiment in it."""

    config: Path
    experiment: Experiment


class Plan:
    """A report with its experiments and sweeps read, and the command that makes each of their runs.

    Args:
        report: the fields of the YAML.
        folder: the folder that the paths in it are relative to.
        flags: flags for the trainers, on top of every config.
        demanding: whether a run must have exactly the settings of its config; else the newest of its name is used.
    """

    def __init__(self, report: Report, folder: Path, flags: list[str], demanding: bool) -> None:
        self.report, self.folder, self.flags, self.demanding = report, folder, flags, demanding
        configs = {name: getattr(report, name) for name in MODELS_OF_TASKS}
        self.tasks = {name: _task(folder / path, flags) for name, path in configs.items() if path}
        for name, task in self.tasks.items():
            if task.experiment.model != MODELS_OF_TASKS[name]:
                wanted, found = MODELS_OF_TASKS[name], task.experiment.model
                raise UserError(f"{name}: {task.config} trains the model {found}; give a config of the model {wanted}.")
        files = {each.name: getattr(report.sweeps, each.name) for each in fields(Sweeps)}
        self.sweep_files = {name: folder / path for name, path in files.items() if path}
        self.sweeps: dict[str, Sweep] = {name: read_sweep(path, flags) for name, path in self.sweep_files.items()}

    @property
    def logs(self) -> Path:
        """The folder of all runs."""
        return logs_folder(next(iter(self.tasks.values())).experiment)

    def training(self, task: str, track: str, experiment: Experiment | None = None, source: str = "") -> list[str]:
        """The command that trains `experiment` (default: the task's own) in a track, complete with its data source."""
        script = load_track(track).script.relative_to(PROJECT).as_posix()
        return ["python", script, *self._settings(task, experiment, source)]

    def comparison(self, task: str, experiment: Experiment | None = None, source: str = "") -> list[str]:
        """The command that compares a task's two tracks."""
        return ["python", "-m", "parity", "compare", *self._settings(task, experiment, source)]

    def sweeping(self, name: str, best: Experiment | None = None, values: dict[str, str] | None = None) -> list[str]:
        """The command that does a sweep; its flags are the sweep's own, or those that its `best` trial had."""
        command = ["python", "-m", "studies", "sweep", _shown(self.sweep_files[name]), "--track", "numpy"]
        if best is None:
            return [*command, *self.flags]
        plain = read_sweep(self.sweep_files[name], [], check=False).experiment(values or {})
        return [*command, *differing_flags(best, plain)]

    def _settings(self, task: str, experiment: Experiment | None, source: str) -> list[str]:
        config = self.tasks[task].config
        flags = differing_flags(experiment or self.tasks[task].experiment, _task(config, []).experiment)
        named = any(flag.startswith("--data.source=") for flag in flags) or not source
        return ["--config", _shown(config), *flags, *([] if named else [f"--data.source={source}"])]


def differing_flags(experiment: Experiment, base: Experiment) -> list[str]:
    """The flags that make `experiment` of `base`."""
    wanted, given = flat_fields(asdict(experiment)), flat_fields(asdict(base))
    return [f"--{name}={as_text(value)}" for name, value in wanted.items() if value != given[name]]


def read_plan(path: Path | None, flags: list[str]) -> Plan:
    """Read a report's YAML (None: the usual report, on the runs that exist); a mistake is a `UserError`."""
    if path is None:
        return Plan(USUAL, CONFIGS, flags, demanding=False)
    return Plan(read_dataclass(Report, path), path.parent, flags, demanding=True)


def as_line(command: list[str], width: int = 0) -> str:
    """A command as one would type it; beyond `width` characters it continues in further lines, before a flag."""
    lines = [""]
    for word in command:
        quoted = shlex.quote(word)
        if width and word.startswith("--") and len(f"{lines[-1]} {quoted}") > width - 30:
            lines.append(f"    {quoted}")
        else:
            lines[-1] = f"{lines[-1]} {quoted}".removeprefix(" ") if len(lines) == 1 else f"{lines[-1]} {quoted}"
    return " \\\n".join(lines)


def to_run(command: list[str]) -> list[str]:
    """A command for this process to start, from any working directory (with the project in PYTHONPATH)."""
    paths = [str(PROJECT / word) if (PROJECT / word).is_file() else word for word in command[1:]]
    return [sys.executable, *paths]


def _task(config: Path, flags: list[str]) -> Task:
    return Task(config, parse_command("", ["--config", str(config), *flags]).experiment)


def _shown(path: Path) -> str:
    """A path as one types it in the project's folder."""
    path = path.resolve()
    return path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT) else str(path)
