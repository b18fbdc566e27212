"""The chapter that compares the two tracks: gradients, checks, and whole trainings."""

from __future__ import annotations

from typing import Any

from matplotlib import rc_context

from studies.report.document import Block, Figure, Heading, Table, Text
from studies.report.evidence import TASKS, Evidence
from studies.report.pictures import as_svg
from studies.report.plan import Plan
from studies.report.sections.common import missing, small
from studies.report.words import words
from visualization.figures.comparison import gradients, weights_apart
from visualization.figures.style import STYLE

DTYPES = ("float64", "float32")


def comparison(plan: Plan, evidence: Evidence) -> list[Block]:
    """A section per task; nothing where no comparison was asked for or made."""
    blocks: list[Block] = []
    for task in plan.tasks:
        if task in evidence.comparisons:
            blocks.append(Heading(f"{TASKS[task]}: NumPy against Lightning", 2))
            blocks += _section(task, evidence.comparisons[task].numbers, plan.report.full)
        elif plan.demanding:
            blocks.append(Heading(f"{TASKS[task]}: NumPy against Lightning", 2))
            blocks.append(missing("The comparison of the two tracks", plan.comparison(task)))
    own = words(plan, "comparison")
    return [Heading("The two tracks compared"), *blocks, *own] if blocks or own else []


def _section(task: str, numbers: dict[str, Any], full: bool) -> list[Block]:
    checks = [
        [row["check"], row["measured"], row["target"], {True: "holds", False: "FAILS", None: ""}[row["passed"]]]
        for row in numbers["checks"]
    ]
    with rc_context(STYLE):
        by_epoch = as_svg(f"{task}_weights_apart", weights_apart(numbers))
        by_parameter = as_svg(f"{task}_gradients", gradients(numbers))
    blocks: list[Block] = [
        Table(
            "The checks in both number types, what was measured, and the limit where there is one.",
            ["check", "measured", "limit", ""],
            checks,
        ),
        Figure("The largest difference of any weight when each track trains on its own.", [by_epoch], 0.7),
        Text(_free_running(numbers["free_running"])),
    ]
    if not full:
        return blocks
    caption = "Gradients of the first iteration: NumPy's formulas against PyTorch's automatic differentiation."
    return [*blocks, Figure(caption, [by_parameter], 0.8), _by_parameter(numbers["gradients"])]


def _free_running(free: dict[str, Any]) -> str:
    parts = [
        f"in {dtype} the weights differ by {small(free[dtype]['weights_apart'][-1])} at the end, and "
        f"{free[dtype]['predictions_apart']:,} of {free[dtype]['tested']:,} test predictions differ"
        for dtype in DTYPES
        if dtype in free
    ]
    return f"Whole trainings, each track on its own: {'; '.join(parts)}."


def _by_parameter(compared: dict[str, Any]) -> Table:
    measures = (("absolute", "largest difference"), ("relative", "relative"))
    names = list(next(iter(compared.values()))["by_parameter"])
    rows = [
        [f"`{name}`", *(small(compared[dtype]["by_parameter"][name][each]) for dtype in DTYPES for each, _ in measures)]
        for name in names
    ]
    header = ["parameter", *(f"{dtype}, {title}" for dtype in DTYPES for _, title in measures)]
    return Table("Gradients of the first iteration, NumPy against autograd.", header, rows)
