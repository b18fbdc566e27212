"""The chapter on reproducibility: configs, seeds, versions, commands, other runs, and what was passed over."""

from __future__ import annotations

from pathlib import Path

from reporting.document import Block, Code, Heading, Listing, Table, Text
from reporting.evidence import Evidence
from reporting.plan import TRACKS, Plan, as_line
from reporting.sections.common import NAMES, WIDTH, number

TASKS = {"task_one": "Task I", "task_two": "Task II"}


def reproducibility(plan: Plan, evidence: Evidence) -> list[Block]:
    """All that is needed to make this report again."""
    blocks: list[Block] = [
        Heading("Reproducibility"),
        Text(
            "These commands, typed in the project's folder, make all runs of this report; the same seed gives the "
            "same numbers."
        ),
        Code("\n".join(as_line(command, WIDTH) for command in _commands(plan))),
    ]
    rows = [
        [TASKS[task], NAMES[track], str(run.experiment.seed), run.experiment.trainer.dtype, f"`{run.folder.name}`"]
        for (task, track), run in evidence.runs.items()
    ]
    if rows:
        blocks.append(Table("The runs of this report.", ["task", "track", "seed", "numbers", "folder"], rows))
        blocks.append(_versions(evidence))
    for task, title in TASKS.items():
        run = evidence.runs.get((task, "numpy")) or evidence.runs.get((task, "lightning"))
        if run:
            blocks += [Heading(f"Configuration of {title}", 2), Code((run.folder / "config.yaml").read_text().rstrip())]
    if evidence.others:
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
        blocks += [
            Heading("Other runs in the logs", 2),
            Table("Finished runs that this report does not draw on, by test result.", header, rows),
        ]
    if evidence.skipped:
        blocks.append(Heading("Passed over", 2))
        blocks.append(
            Listing([f"`{_shown(folder, plan)}`: {reason}" for folder, reason in sorted(evidence.skipped.items())])
        )
    return blocks


def _commands(plan: Plan) -> list[list[str]]:
    trainings = [plan.training(task, track) for task in plan.tasks for track in TRACKS]
    return [*trainings, *(plan.comparison(task) for task in plan.tasks), *(plan.search(name) for name in plan.sweeps)]


def _versions(evidence: Evidence) -> Table:
    runs = {track: run for (_, track), run in evidence.runs.items()}
    names = dict.fromkeys(name for run in runs.values() for name in run.metrics["versions"])
    rows = [[name, *(run.metrics["versions"].get(name, "") for run in runs.values())] for name in names]
    return Table("Versions.", ["", *(NAMES[track] for track in runs)], rows)


def _shown(folder: Path, plan: Plan) -> Path:
    return folder.relative_to(plan.logs) if folder.is_relative_to(plan.logs) else folder
