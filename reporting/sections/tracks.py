"""Sections that hold for either task: one track's results, and the comparison of both."""

from __future__ import annotations

from typing import Any

from matplotlib import rc_context

from experiment.figures.comparison import gradients, weights_apart
from experiment.figures.style import STYLE
from reporting.document import Block, Figure, Heading, Table, Text
from reporting.evidence import Evidence, TrainedRun
from reporting.pictures import as_svg, both_curves
from reporting.plan import TRACKS, Plan
from reporting.sections.common import NAMES, averages, figures, missing, number, per_category, small

DTYPES = ("float64", "float32")


def results(plan: Plan, evidence: Evidence, task: str, track: str, closer: bool) -> list[Block]:
    """Metrics and figures of one track's run; `closer` adds pictures of predictions, weights and features."""
    run = evidence.runs.get((task, track))
    if run is None:
        return [missing(f"The run of the {NAMES[track]} track", plan.training(task, track))]
    best = run.metrics["validation_best"]
    blocks: list[Block] = [
        Text(
            f"The smallest validation loss, {number(best['loss'])} with an accuracy of {number(best['accuracy'])}, "
            f"was in epoch {best['epoch']} of {run.metrics['epochs']}; all test results are with the weights of that "
            "epoch."
        ),
        averages(run),
        per_category(run),
        *figures(run, ["curves"], f"Loss and accuracy by epoch, {NAMES[track]} track.", 0.95),
        *figures(
            run, ["roc_curves", "pr_curves"], f"ROC and precision-recall curves of the test, {NAMES[track]} track."
        ),
        *figures(run, ["confusion_matrix"], f"Confusion matrix of the test, {NAMES[track]} track.", 0.55),
    ]
    if closer:
        blocks += figures(run, ["predictions"], "Recognised drawings, and the most confident mistakes.", 0.95)
        blocks += figures(
            run, ["first_layer"], "What the first layer looks for: orange adds to a unit, purple takes away.", 0.75
        )
        blocks += figures(
            run, ["tsne"], "The last hidden layer by t-SNE [@vandermaaten2008]: after one epoch, and at the end.", 0.95
        )
        blocks += figures(run, ["reliability", "true_class_probability"], "How far the probabilities can be trusted.")
    return blocks


def both(plan: Plan, evidence: Evidence, task: str) -> list[Block]:
    """Gradients, curves and test results of the two tracks side by side."""
    blocks: list[Block] = []
    comparison = evidence.comparisons.get(task)
    if comparison is None:
        blocks.append(missing("The comparison of the two tracks", plan.comparison(task)))
    else:
        blocks += _gradients(task, comparison.numbers) + _whole_runs(task, comparison.numbers)
    pair = [evidence.runs[task, track] for track in TRACKS if (task, track) in evidence.runs]
    if len(pair) == 2:
        blocks += _side_by_side(task, pair)
    return blocks


def _gradients(task: str, numbers: dict[str, Any]) -> list[Block]:
    compared = numbers["gradients"]
    names = list(next(iter(compared.values()))["by_parameter"])
    rows = [
        [
            f"`{name}`",
            *(
                small(compared[dtype]["by_parameter"][name][measure])
                for dtype in DTYPES
                for measure in ("absolute", "relative")
            ),
        ]
        for name in names
    ]
    header = [
        "parameter",
        *(f"{dtype}, {measure}" for dtype in DTYPES for measure in ("largest difference", "relative")),
    ]
    checks = [
        [row["check"], row["measured"], row["target"], {True: "holds", False: "FAILS", None: ""}[row["passed"]]]
        for row in numbers["checks"]
    ]
    with rc_context(STYLE):
        picture = as_svg(f"{task}_gradients", gradients(numbers))
    return [
        Heading("Gradients of the first iteration", 2),
        Text(
            "Both tracks start from the same weights and get the same first batch. NumPy's gradients come from the "
            "formulas above, PyTorch's from its automatic differentiation. They agree to the last digits that the "
            "number type has; central differences, which know neither, confirm both."
        ),
        Table("Gradients of the first iteration, NumPy against autograd.", header, rows),
        Figure("The same as a picture; the dashed lines are the limits.", [picture], 0.85),
        Heading("Is it the same network?", 2),
        Text(
            "Four checks, each in float64 and float32: the gradients; an epoch in lock-step, both tracks put to the "
            "same weights before each step; whole trainings on their own; and the results of these."
        ),
        Table(
            "The checks, what was measured, and the limit where there is one.",
            ["check", "measured", "limit", ""],
            checks,
        ),
    ]


def _whole_runs(task: str, numbers: dict[str, Any]) -> list[Block]:
    with rc_context(STYLE):
        picture = as_svg(f"{task}_weights_apart", weights_apart(numbers))
    single, double = numbers["free_running"]["float32"], numbers["free_running"]["float64"]
    return [
        Figure("The largest difference of any weight between the tracks after each epoch.", [picture], 0.9),
        Text(
            f"In float64 the weights end {small(double['weights_apart'][-1])} apart and "
            f"{double['predictions_apart']:,} of {double['tested']:,} test predictions differ; in float32 it is "
            f"{small(single['weights_apart'][-1])} and {single['predictions_apart']:,}. Where float32 runs part, a "
            "ReLU whose input is all but zero is open in one track and shut in the other; from then on they are two "
            "trainings. This, and no more, is what floating point does."
        ),
    ]


def _side_by_side(task: str, pair: list[TrainedRun]) -> list[Block]:
    one, other = pair
    same = int((one.results.guesses == other.results.guesses).sum()) if _comparable(pair) else None
    rows = []
    for name, value in one.metrics["test"].items():
        theirs = other.metrics["test"][name]
        rows.append([name.replace("_", " "), number(value), number(theirs), small(abs(value - theirs))])
    with rc_context(STYLE):
        picture = as_svg(f"{task}_both_curves", both_curves(pair))
    titles = [NAMES[run.metrics["track"]] for run in pair]
    blocks: list[Block] = [
        Heading("Results of both side by side", 2),
        Table("Test results of both tracks.", ["metric", *titles, "difference"], rows),
        Figure("Learning curves of both tracks: where they agree, the dots lie on the lines.", [picture], 0.95),
    ]
    if same is not None:
        total = len(one.results.labels)
        blocks.append(Text(f"The two tracks name {same:,} of {total:,} test drawings alike."))
    return blocks


def _comparable(pair: list[TrainedRun]) -> bool:
    one, other = (run.data["checksums"].get("test_images") for run in pair)
    return bool(one == other and len({len(run.results.labels) for run in pair}) == 1)
