"""The chapter on reproducibility: commands, seeds, versions, settings, and the runs that were not used."""

from __future__ import annotations

from pathlib import Path

from experiment.active_settings import settings_in_force
from experiment.config import Experiment
from studies.report.document import Block, Code, Heading, Listing, Table, Text
from studies.report.evidence import TASKS, Evidence
from studies.report.plan import Plan, as_line
from studies.report.sections.common import NAMES, WIDTH, number
from studies.sweep.definition import as_text


def reproducibility(plan: Plan, evidence: Evidence) -> list[Block]:
    """All that is needed to make this report again."""
    blocks: list[Block] = [Heading("Reproducibility")]
    commands = _commands(plan, evidence)
    if commands:
        blocks.append(Text("These commands, typed in the project's folder, make the runs of this report:"))
        blocks += [Code(as_line(command, WIDTH)) for command in commands]
    rows = [
        [TASKS[task], NAMES[track], str(run.experiment.seed), run.experiment.trainer.dtype, f"`{run.folder.name}`"]
        for (task, track), run in evidence.runs.items()
    ]
    if rows:
        blocks.append(Table("The runs of this report.", ["task", "track", "seed", "numbers", "folder"], rows))
        blocks.append(_versions(evidence))
    for task, title in TASKS.items():
        run = evidence.run(task)
        if run:
            blocks.append(_settings(f"The settings in force in {title}.", run.experiment))
    if evidence.others and plan.report.full:
        rows = [
            [
                folder.parent.parent.name,
                NAMES[folder.parent.name],
                metrics["data"]["label"],
                number(metrics["test"]["accuracy"]),
                number(metrics["test"].get("f1_macro")),
                folder.name,
            ]
            for folder, metrics in evidence.others
        ]
        header = ["experiment", "track", "data", "accuracy", "macro F1", "folder"]
        blocks.append(Table("Other finished runs in the logs, which this report does not use.", header, rows))
    if evidence.skipped and plan.report.full:
        blocks.append(Heading("Folders that were not used", 2))
        blocks.append(
            Listing([f"`{_shown(folder, plan)}`: {reason}" for folder, reason in sorted(evidence.skipped.items())])
        )
    return blocks if len(blocks) > 1 else []


def _commands(plan: Plan, evidence: Evidence) -> list[list[str]]:
    """The command of each run in this report, from the run's own config."""
    trainings = [
        plan.training(task, track, run.experiment, run.data["source"]) for (task, track), run in evidence.runs.items()
    ]
    comparisons = [
        plan.comparison(task, each.experiment, each.numbers["data"]["source"])
        for task, each in evidence.comparisons.items()
    ]
    sweeps = [
        plan.sweeping(name, each.best, {field: each.rows[0][field] for field in each.fields})
        for name, each in evidence.sweeps.items()
    ]
    return trainings + comparisons + sweeps


def _settings(caption: str, experiment: Experiment) -> Table:
    """Settings and values, two to a row."""
    cells = [
        cell for name, value in settings_in_force(experiment).items() for cell in (f"`{name}`", f"`{as_text(value)}`")
    ]
    cells += [""] * (-len(cells) % 4)
    return Table(caption, ["setting", "value"] * 2, [cells[start : start + 4] for start in range(0, len(cells), 4)])


def _versions(evidence: Evidence) -> Table:
    runs = {track: run for (_, track), run in evidence.runs.items()}
    names = dict.fromkeys(name for run in runs.values() for name in run.metrics["versions"])
    rows = [[name, *(run.metrics["versions"].get(name, "") for run in runs.values())] for name in names]
    return Table("Versions.", ["", *(NAMES[track] for track in runs)], rows)


def _shown(folder: Path, plan: Plan) -> Path:
    return folder.relative_to(plan.logs) if folder.is_relative_to(plan.logs) else folder
