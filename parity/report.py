"""What a comparison leaves: a table in the terminal, `comparison.md` with figures, `comparison.json` for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from experiment.files import atomic_write, write_text
from experiment.run import Run
from parity.compare import Comparison
from parity.finished import Finished
from parity.ledger import STAGES, Check, Finding, Ledger, Status
from visualization.figures.comparison import TINY, gradients, logarithmic, overlay, short_heading, weights_apart
from visualization.figures.style import COLOURS, STYLE, to_png

SHOWN = 5
"""Further differences that are listed after the first."""
Row = tuple[str, ...]


def verdict(comparison: Comparison) -> str:
    """The tables and the differences in words, for a terminal."""
    parts = []
    if comparison.lockstep:
        parts.append(_aligned(rows(comparison)))
        parts += _steps(comparison)
        parts += _notes(comparison)
        parts.append(_differences(comparison))
    for name, finished in comparison.finished.items():
        parts.append(_aligned([("results", "measured", ""), *finished_rows(name, finished)]))
    return "\n\n".join(part for part in parts if part)


def rows(comparison: Comparison) -> list[Row]:
    """A row for each stage of a training: how much was compared, and each dtype's largest difference and verdict."""
    dtypes = list(comparison.lockstep)
    table: list[Row] = [("what is compared", "compared", *(cell for dtype in dtypes for cell in (dtype, "")))]
    for stage, title in STAGES.items():
        checks = [comparison.lockstep[dtype].ledger.checks[stage] for dtype in dtypes]
        if all(check.status is Status.NONE for check in checks):
            continue
        cells = [cell for check in checks for cell in (_measured(check), _status(check))]
        table.append((title, f"{max(check.compared for check in checks):,}", *cells))
    return table


def finished_rows(name: str, finished: Finished) -> list[Row]:
    """The results of two runs side by side."""
    one, other = (run.metrics["test"]["accuracy"] for run in (finished.one, finished.other))
    torn = f"{finished.only_one} right in the first only, {finished.only_other} in the second only"
    table: list[Row] = [
        (f"test accuracy, {name}", f"{one:.4f} and {other:.4f}", ""),
        (f"agreement, {name}", f"{finished.agreement:.2%}; McNemar p = {finished.p_value:.3f} ({torn})", ""),
    ]
    apart = f"{finished.probabilities_apart:.1e}"
    state = "limited: float32 trainings may part" if finished.limited else "ok" if finished.same else "DIFFERENT"
    if not finished.same_images:
        table.append((f"data, {name}", "the two runs saw different training images", "DIFFERENT"))
    if finished.other_settings:
        table.append((f"settings, {name}", ", ".join(finished.other_settings), "DIFFERENT"))
    if finished.wrong_metrics:
        table.append(
            (
                f"metrics, {name}",
                "do not follow from the predictions: " + ", ".join(finished.wrong_metrics),
                "DIFFERENT",
            )
        )
    return [*table, (f"probabilities, {name}", f"differ by {apart} at most", state)]


def _measured(check: Check) -> str:
    if check.findings:
        return f"{check.different} of {check.compared}"
    if not check.compared:
        return ""
    return "same" if check.difference == 0 else f"{check.difference:.1e}"


def _status(check: Check) -> str:
    return "" if check.status is Status.NONE else check.status.value


def _steps(comparison: Comparison) -> list[str]:
    """How much of a long training was looked at."""
    lines = []
    for dtype, lockstep in comparison.lockstep.items():
        if lockstep.detailed < lockstep.steps:
            lines.append(
                f"{dtype}: layers of {lockstep.detailed:,} of {lockstep.steps:,} steps were compared, from all epochs; "
                "--thorough takes every step."
            )
    return lines


def _notes(comparison: Comparison) -> list[str]:
    return [
        f"{dtype}, {STAGES[check.stage]}: {check.note}"
        for dtype, lockstep in comparison.lockstep.items()
        for check in lockstep.ledger.checks.values()
        if check.note
    ]


def _differences(comparison: Comparison) -> str:
    """The first difference in words, then the first of each other stage."""
    lines = []
    for dtype, lockstep in comparison.lockstep.items():
        ledger = lockstep.ledger
        if ledger.first is None:
            continue
        first, *others = ledger.separate()
        lines += [f"First difference, {dtype}: {_sentence(first)}", *_code(first), *_whose(first, ledger)]
        if others:
            lines.append("Further differences, not because of that:")
        for finding in others[:SHOWN]:
            lines += [f"  {_sentence(finding)}", *_code(finding)]
        if len(others) > SHOWN:
            lines.append(f"  and {len(others) - SHOWN} more, in comparison.json")
    return "\n".join(lines)


def _whose(first: Finding, ledger: Ledger) -> list[str]:
    """Which of two different gradients is the right one, by central differences."""
    numerical = ledger.checks["numerical"]
    if first.stage not in ("dL/dx", "dL/dW", "loss gradient", "total gradient") or not numerical.compared:
        return []
    if numerical.findings:
        return ["    central differences say that NumPy's gradient is wrong"]
    return ["    central differences agree with NumPy's gradient: the Lightning track's is wrong"]


def _sentence(finding: Finding) -> str:
    return f"{finding.stage}: {finding}"


def _code(finding: Finding) -> list[str]:
    return [f"    at {place}" for place in finding.code]


def _aligned(table: list[Row]) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in table]
    return "\n".join(line.rstrip() for line in lines)


def save(comparison: Comparison, folder: Path, with_figures: bool = True) -> None:
    """Write figures, numbers and, last, `comparison.md`."""
    with rc_context(STYLE):
        figures = _figures(comparison) if with_figures else {}
        pngs = {name: to_png(figure) for name, figure in figures.items()}
    for name, (png, _) in pngs.items():
        with atomic_write(folder / f"{name}.png") as file:
            file.write(png)
    Run(folder).write_json("comparison.json", numbers(comparison))
    write_text(folder / "comparison.md", _markdown(comparison, list(pngs)))


def numbers(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain values, for JSON."""
    return {
        "heading": comparison.heading,
        "data": comparison.data,
        "passed": comparison.held,
        "checks": [check for dtype in comparison.lockstep for check in _checks(comparison, dtype)],
        "gradients": {
            dtype: {
                "target": max((each["band"] for each in lockstep.first_gradients.values()), default=None),
                "by_parameter": lockstep.first_gradients,
            }
            for dtype, lockstep in comparison.lockstep.items()
        },
        "free_running": {
            dtype: {
                "target": None,
                "weights_apart": whole.weights_apart,
                "band": whole.band,
                "predictions_apart": whole.predictions_apart,
                "tested": len(whole.result.probabilities),
                "limited_at": whole.limited_at,
                "reason": whole.reason,
            }
            for dtype, whole in comparison.whole.items()
        },
    }


def _checks(comparison: Comparison, dtype: str) -> list[dict[str, Any]]:
    ledger = comparison.lockstep[dtype].ledger
    return [
        {
            "check": f"{STAGES[stage]}, {dtype}",
            "measured": _measured(check),
            "target": "rounding",
            "status": check.status.value,
            "compared": check.compared,
            "passed": check.status in (Status.OK, Status.LIMITED),
            "findings": [str(finding) for finding in check.findings[:SHOWN]],
            "code": list(check.findings[0].code) if check.findings else [],
            "note": check.note,
            "ratio": check.ratio,
        }
        for stage, check in ledger.checks.items()
        if check.status is not Status.NONE
    ]


def _markdown(comparison: Comparison, figures: list[str]) -> str:
    parts = ["# Comparison of the two tracks", comparison.heading]
    if comparison.lockstep:
        head, *body = rows(comparison)
        parts.append(_table(list(head), [list(row) for row in body]))
        parts += [f"- {line}" for line in [*_steps(comparison), *_notes(comparison)]]
        differences = _differences(comparison)
        parts += [f"```\n{differences}\n```"] if differences else []
    for dtype, lockstep in comparison.lockstep.items():
        if lockstep.first_gradients:
            parts.append(f"## Gradients of the first step, {dtype}")
            by_parameter = [
                [name, *(f"{each[key]:.1e}" for key in ("absolute", "relative", "band"))]
                for name, each in lockstep.first_gradients.items()
            ]
            parts.append(_table(["parameter", "max \\|a-b\\|", "relative", "band, relative"], by_parameter))
    for name, finished in comparison.finished.items():
        parts += [
            f"## Results, {name}",
            _table(["", "measured", ""], [list(row) for row in finished_rows(name, finished)]),
        ]
        parts.append(_metrics(finished))
    parts += [f"![{name.replace('_', ' ')}]({name}.png)" for name in figures]
    return "\n\n".join(parts) + "\n"


def _metrics(finished: Finished) -> str:
    one, other = finished.one.metrics, finished.other.metrics
    table = [
        [name, f"{value:.6f}", f"{other['test'][name]:.6f}", f"{abs(value - other['test'][name]):.1e}"]
        for name, value in one["test"].items()
        if value is not None and other["test"].get(name) is not None
    ]
    table += [[name, f"{one[name]:.4g}", f"{other[name]:.4g}", ""] for name in ("epochs", "seconds")]
    return _table(["metric", finished.one.name, finished.other.name, "difference"], table)


def _table(head: list[str], body: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _figures(comparison: Comparison) -> dict[str, Figure]:
    figures = {}
    values = numbers(comparison)
    if any(lockstep.first_gradients for lockstep in comparison.lockstep.values()):
        figures["gradients"] = gradients(values)
    if comparison.whole:
        figures["whole_trainings"] = weights_apart(values)
    for name, finished in comparison.finished.items():
        figures["curves_" + name.replace(" ", "_")] = _curves(comparison, name, finished)
    return figures


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
        below[column].set(xlabel="epoch", ylabel=f"|difference|\n(0 drawn as {TINY:.0e})")
        logarithmic(below[column])
    return figure
