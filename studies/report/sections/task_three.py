"""The chapter on Task III, the transformer on strokes."""

from __future__ import annotations

from studies.report.document import Block, Heading, Text
from studies.report.evidence import Evidence
from studies.report.formulas import of_optimizer, of_transformer
from studies.report.plan import Plan
from studies.report.sections.common import figures
from studies.report.sections.results import results
from studies.report.sections.task_one import network
from studies.report.words import words

POSITIONS = {
    "learnt": "A learnt vector for each place tells the order of the points.",
    "sinusoidal": "Sines and cosines tell the order of the points.",
    "none": "Nothing but the points themselves tells their order.",
}


def task_three(plan: Plan, evidence: Evidence) -> list[Block]:
    """Points, network, loss, results and attention; nothing where the task was left out."""
    if "task_three" not in plan.tasks or not (plan.demanding or evidence.run("task_three")):
        return []
    run = evidence.run("task_three")
    own = run.experiment if run else plan.tasks["task_three"].experiment
    order = f" {POSITIONS[own.sequence.positions]}" if own.sequence.layers is None else ""
    caption = "Where the last block looks: the darker a line, the more all points together look there."
    return [
        Heading("Task III: a transformer on the strokes"),
        Heading("Network and training", 2),
        Text(
            "A drawing is a sequence of points. Each has its place x, y, the step from the point before, whether the "
            f"pen is lifted there, and a 1 that tells it from padding.{order} Attention [@vaswani2017] lets the points "
            "look at each other, and the mean over all points is classified."
        ),
        *(network(run) if run else []),
        *of_transformer(own.sequence),
        *of_optimizer(own.optimizer),
        Heading("Results", 2),
        *results(plan, evidence, "task_three"),
        *(figures(run, ["attention"], caption, 0.62) if run else []),
        *words(plan, "task_three"),
    ]
