"""The first page: what this is about, what came out, and what must not be missed."""

from __future__ import annotations

from reporting.document import Block, Heading, Listing, Notice, Table, Text
from reporting.evidence import Evidence, unlike
from reporting.plan import TRACKS, Plan, as_line
from reporting.sections.common import NAMES, WIDTH, number, small

SUMMARY = ("accuracy", "f1_macro", "roc_auc_macro", "pr_auc_macro")
TASKS = {"task_one": "Task I, classifier", "task_two": "Task II, dual tower"}


def front(plan: Plan, evidence: Evidence) -> list[Block]:
    """Warnings, a table of the results, and what is missing."""
    blocks: list[Block] = [Notice(words) for words in _warnings(evidence)]
    blocks += [
        Heading("Summary"),
        Text(
            "The same two networks are written twice, once from scratch in NumPy [@harris2020] and once with PyTorch "
            "Lightning [@paszke2019]. Both get the same initial weights, the same batches in the same order, and the "
            "same figures and metrics afterwards. All numbers and figures in this report are read from the runs "
            "themselves."
        ),
    ]
    rows = [
        [title, NAMES[track], *(number(evidence.runs[task, track].metrics["test"][name]) for name in SUMMARY)]
        for task, title in TASKS.items()
        for track in TRACKS
        if (task, track) in evidence.runs
    ]
    if rows:
        titles = ["accuracy", "macro F1", "macro ROC AUC", "macro PR AUC"]
        blocks.append(
            Table("Test results with the weights of the smallest validation loss.", ["task", "track", *titles], rows)
        )
    blocks += _parity(evidence)
    lines = [as_line(command, WIDTH) for command in evidence.missing(plan)]
    if lines:
        blocks.append(Notice("Parts of this report are missing. These commands make them:", "\n".join(lines)))
    return blocks


def _warnings(evidence: Evidence) -> list[str]:
    words = unlike(evidence)
    every = [run.data for run in evidence.runs.values()] + [each.data for each in evidence.sweeps.values()]
    labels = {data["label"] for data in every}
    if any("DOODLES" in label for label in labels):
        words.insert(
            0,
            (
                "This report is about doodles, drawings that the project's own program makes where there are no "
                "others. Nothing in it is a result on Quick, Draw!"
            ),
        )
    if any("RANDOM WORD VECTORS" in label for label in labels):
        words.append("The dual tower's word vectors are random, for want of real ones: they carry no meaning.")
    return words


def _parity(evidence: Evidence) -> list[Block]:
    items = []
    for task, comparison in evidence.comparisons.items():
        free = comparison.numbers["free_running"].get("float64")
        if free:
            items.append(
                f"{TASKS[task]}: trained on their own for {len(free['weights_apart'])} epochs in float64, the largest "
                f"difference of any weight between the tracks is {small(max(free['weights_apart']))}, and "
                f"{free['predictions_apart']:,} of {free['tested']:,} test predictions differ."
            )
    return [Listing(items)] if items else []
