"""The first page: what must not be missed, the author's introduction, and the results in a table."""

from __future__ import annotations

from studies.report.document import Block, Heading, Listing, Notice, Table
from studies.report.evidence import TASKS, Evidence, unlike
from studies.report.plan import Plan, as_line
from studies.report.sections.common import NAMES, WIDTH, number, own_chapter, small
from training.tracks import TRACKS

SUMMARY = ("accuracy", "f1_macro", "roc_auc_macro", "pr_auc_macro")
MODELS = {"task_one": "classifier", "task_two": "dual tower", "task_three": "transformer on strokes"}


def front(plan: Plan, evidence: Evidence) -> list[Block]:
    """Warnings, the introduction, a table of the results, and what is missing."""
    blocks: list[Block] = [Notice(words) for words in _warnings(evidence)]
    blocks += own_chapter(plan, "introduction", "Introduction")
    blocks.append(Heading("Results at a glance"))
    rows = [
        [
            f"{TASKS[task]}, {MODELS[task]}",
            NAMES[track],
            *(number(evidence.runs[task, track].metrics["test"][name]) for name in SUMMARY),
        ]
        for task in TASKS
        for track in TRACKS
        if (task, track) in evidence.runs
    ]
    if rows:
        titles = ["accuracy", "macro F1", "macro ROC AUC", "macro PR AUC"]
        caption = (
            "Test results with the weights of the smallest validation loss, the same network in NumPy and Lightning."
        )
        blocks.append(Table(caption, ["task", "track", *titles], rows))
    blocks += _parity(evidence)
    alone = [task for task in evidence_tasks(evidence) if not evidence.pair(task)]
    for task in alone:
        (track,) = (track for track in TRACKS if (task, track) not in evidence.runs)
        blocks.append(
            Notice(
                f"{TASKS[task]} has no run of the {NAMES[track]} track with the same settings, number type and data. "
                "This command makes it:",
                as_line(evidence.training(plan, task, track), WIDTH),
            )
        )
    known = [evidence.training(plan, task, track) for task in alone for track in TRACKS]
    lines = [as_line(command, WIDTH) for command in evidence.missing(plan) if command not in known]
    if lines:
        blocks.append(Notice("Parts of this report are missing. These commands make them:", "\n".join(lines)))
    return blocks


def evidence_tasks(evidence: Evidence) -> list[str]:
    """The tasks that have a run."""
    return [task for task in TASKS if evidence.run(task)]


def _warnings(evidence: Evidence) -> list[str]:
    words = unlike(evidence)
    every = [run.data for run in evidence.runs.values()] + [each.data for each in evidence.sweeps.values()]
    labels = {data["label"] for data in every}
    if any("DOODLES" in label for label in labels):
        words.insert(
            0,
            "This report is about doodles, drawings that the project's own program makes where there are no others. "
            "Nothing in it is a result on Quick, Draw!",
        )
    if any("RANDOM WORD VECTORS" in label for label in labels):
        words.append("The dual tower's word vectors are random, because no others were found: they carry no meaning.")
    return words


def _parity(evidence: Evidence) -> list[Block]:
    items = []
    for task, comparison in evidence.comparisons.items():
        free = comparison.numbers["free_running"].get("float64")
        if free:
            items.append(
                f"{TASKS[task]}: after {len(free['weights_apart'])} epochs in float64, each track trained on its own, "
                f"the largest difference of any weight is {small(max(free['weights_apart']))}, and "
                f"{free['predictions_apart']:,} of {free['tested']:,} test predictions differ."
            )
    return [Listing(items)] if items else []
