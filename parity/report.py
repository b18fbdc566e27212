"""What a comparison leaves: a table in the terminal, `comparison.md` with figures, the same numbers for programs in
`comparison.json`, and scalars in TensorBoard."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from experiment.figures.comparison import TINY, comparison_figure, gradients, overlay, short_heading, weights_apart
from experiment.figures.style import COLOURS, STYLE, to_png
from experiment.files import write_text, written_whole
from experiment.run import Run
from experiment.tensorboard import EventWriter
from parity.checks import Comparison
from parity.finished import Finished
from parity.measure import AUTOGRAD_TARGET, LOCKSTEP_TARGET, WEIGHTS_TARGET

MARKS = {True: "ok", False: "FAILED", None: ""}


def verdict(comparison: Comparison) -> str:
    """The table for a terminal."""
    cells = [("check", "measured", "target", "")]
    cells += [(row.check, row.measured, row.target, MARKS[row.passed]) for row in comparison.rows]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, [*widths, 0], strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)


def save(comparison: Comparison, folder: Path) -> None:
    """Write figures, TensorBoard scalars and, last, `comparison.md`."""
    with rc_context(STYLE):
        figures = _figures(comparison)
        pngs = {name: to_png(figure) for name, figure in figures.items()}
    for name, (png, _) in pngs.items():
        with written_whole(folder / f"{name}.png") as file:
            file.write(png)
    with EventWriter(folder) as events:
        _log(comparison, events)
        for name, (png, size) in pngs.items():
            events.image(f"parity/{name}", png, size, 0)
    Run(folder).write_json("comparison.json", _numbers(comparison))
    write_text(folder / "comparison.md", _markdown(comparison, list(pngs)))


def _numbers(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain values, for JSON."""
    return {
        "heading": comparison.heading,
        "data": comparison.data,
        "passed": comparison.passed,
        "checks": [asdict(row) for row in comparison.rows],
        "gradients": {
            dtype: {
                "target": AUTOGRAD_TARGET[dtype],
                "by_parameter": {name: asdict(each) for name, each in compared.by_parameter.items()},
                "by_layer": compared.by_layer,
            }
            for dtype, compared in comparison.gradients.items()
        },
        "free_running": {
            dtype: {
                "target": WEIGHTS_TARGET if dtype == "float64" else None,
                "weights_apart": free.weights_apart,
                "predictions_apart": free.predictions_apart,
                "tested": free.tested,
            }
            for dtype, free in comparison.free_running.items()
        },
    }


def _markdown(comparison: Comparison, figures: list[str]) -> str:
    parts = ["# Comparison of the two tracks", comparison.heading]
    rows = [[row.check, row.measured, row.target, MARKS[row.passed]] for row in comparison.rows]
    parts.append(_table(["check", "measured", "target", ""], rows))
    for dtype, compared in comparison.gradients.items():
        parts.append(f"## Gradients of the first iteration, {dtype}")
        by_parameter = [
            [name, f"{each.absolute:.1e}", f"{each.relative:.1e}", f"{1 - each.cosine:.1e}"]
            for name, each in compared.by_parameter.items()
        ]
        parts.append(_table(["parameter", "max \\|a-b\\|", "relative", "1 - cosine"], by_parameter))
        parts.append("Each layer and loss on its own, given the same inputs:")
        parts.append(_table(["layer", "relative"], [[name, f"{each:.1e}"] for name, each in compared.by_layer.items()]))
    for dtype, lockstep in comparison.lockstep.items():
        parts.append(f"## Lock-step, {dtype}: the worst step of each quantity")
        worst = [[name, f"{value:.1e}", str(step)] for name, (value, step) in lockstep.worst.items()]
        parts.append(_table(["quantity", "relative", "step"], worst))
    for name, finished in comparison.finished.items():
        parts.append(f"## Test metrics, {name}")
        parts.append(_metrics(finished))
    parts += [f"![{name.replace('_', ' ')}]({name}.png)" for name in figures]
    return "\n\n".join(parts) + "\n"


def _metrics(finished: Finished) -> str:
    one, other = finished.one.metrics, finished.other.metrics
    rows = [
        [name, f"{value:.6f}", f"{other['test'][name]:.6f}", f"{abs(value - other['test'][name]):.1e}"]
        for name, value in one["test"].items()
    ]
    rows += [[name, f"{one[name]:.4g}", f"{other[name]:.4g}", ""] for name in ("epochs", "seconds")]
    return _table(["metric", finished.one.name, finished.other.name, "difference"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _figures(comparison: Comparison) -> dict[str, Figure]:
    figures = {}
    if comparison.gradients:
        figures["gradients"] = gradients(_numbers(comparison))
        figures["lockstep"] = _lockstep(comparison)
        figures["free_running"] = weights_apart(_numbers(comparison))
    for name, finished in comparison.finished.items():
        figures["curves_" + name.replace(" ", "_")] = _curves(comparison, name, finished)
    return figures


def _lockstep(comparison: Comparison) -> Figure:
    figure, axis = comparison_figure(
        comparison.heading, "Lock-step: the largest difference of any quantity at each step", (9, 4.2)
    )
    for number, (dtype, lockstep) in enumerate(comparison.lockstep.items()):
        values = np.maximum(lockstep.by_step, TINY)
        axis.plot(values, color=COLOURS[number], label=dtype, linewidth=1)
        axis.axhline(LOCKSTEP_TARGET[dtype], linestyle="--", color=COLOURS[number], label=f"target, {dtype}")
        steps = sorted({flip.step for flip in lockstep.flips})
        if steps:
            axis.plot(steps, [1e-2] * len(steps), "v", color=COLOURS[number], label=f"a gate differs, {dtype}")
    axis.set(yscale="log", xlabel="step", ylabel="largest relative difference", ylim=(1e-17, 1))
    axis.legend(ncols=2, fontsize=9)
    return figure


def _curves(comparison: Comparison, name: str, finished: Finished) -> Figure:
    figure = Figure(figsize=(10, 6), layout="constrained")
    figure.suptitle(f"Curves of both tracks, {name}\n{short_heading(comparison.heading)}", fontsize=11)
    above, below = figure.subplots(2, 2, sharex=True, height_ratios=[3, 1.4])
    pair = (finished.one, finished.other)
    for column, quantity in enumerate(("loss", "accuracy")):
        overlay(above[column], [run.history for run in pair], [run.metrics["track"] for run in pair], quantity)
        for split, colour in (("train", COLOURS[0]), ("val", COLOURS[1])):
            ours, theirs = (np.array([row[f"{split}/{quantity}"] for row in run.history]) for run in pair)
            common = min(len(ours), len(theirs))
            apart = np.maximum(np.abs(ours[:common] - theirs[:common]), TINY)
            below[column].plot(np.arange(1, common + 1), apart, color=colour, marker="o", markersize=3)
        below[column].set(yscale="log", xlabel="epoch", ylabel=f"|difference|\n(0 drawn as {TINY:.0e})")
    return figure


def _log(comparison: Comparison, events: EventWriter) -> None:
    tags: dict[str, list[str]] = {}
    for dtype, compared in comparison.gradients.items():
        for name, each in compared.by_parameter.items():
            events.scalars({f"parity/gradients/{dtype}/{name}": each.relative}, 0)
    for dtype, lockstep in comparison.lockstep.items():
        for step, value in enumerate(lockstep.by_step):
            events.scalars({f"parity/lockstep/{dtype}": value}, step)
        tags["lock-step: largest relative difference of each step"] = ["parity/lockstep/.*"]
    for dtype, free in comparison.free_running.items():
        for epoch, value in enumerate(free.weights_apart, start=1):
            events.scalars({f"parity/weights/{dtype}": value}, epoch)
        tags["free-running: largest difference of any weight after each epoch"] = ["parity/weights/.*"]
    for name, finished in comparison.finished.items():
        for row, twin in zip(finished.one.history, finished.other.history, strict=False):
            apart = abs(row["val/loss"] - twin["val/loss"])
            events.scalars({f"parity/val_loss/{name.replace(' ', '_')}": apart}, int(row["epoch"]))
        tags["validation loss: difference after each epoch"] = ["parity/val_loss/.*"]
    events.layout({"parity": tags})
