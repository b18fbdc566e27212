"""The results of a sweep: the ranking, a heatmap for each pair of fields, and the best config."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from optuna.trial import FrozenTrial

from experiment.commandline import to_yaml
from experiment.files import atomic_write, write_text
from studies.sweep.definition import Sweep
from visualization.figures.style import STYLE, to_png
from visualization.tensorboard import EventWriter

SHOWN = 12
"""Trials that are printed."""
Point = tuple[dict[str, Any], float]
"""A trial's values, and its best validation loss."""
MEASURED = ("val/loss", "val/accuracy", "epoch", "seconds")


def save_results(sweep: Sweep, trials: list[FrozenTrial], folder: Path, label: str) -> None:
    """Write `ranking.csv`, `best.yaml` and the heatmaps, also for TensorBoard; `label` names the data in the titles."""
    header, rows = ranking(sweep, trials)
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([header, *rows])
    write_text(folder / "ranking.csv", table.getvalue())
    write_text(folder / "best.yaml", to_yaml(sweep.experiment(trials[0].params)))
    with EventWriter(folder) as events, rc_context(STYLE):
        for name, figure in heatmaps(sweep.name, _points(trials), label).items():
            png, size = to_png(figure)
            events.image(f"sweep/{name}", png, size, 0)
            with atomic_write(folder / f"{name}.png") as file:
                file.write(png)


def ranking(sweep: Sweep, trials: list[FrozenTrial]) -> tuple[list[str], list[list[Any]]]:
    """Header and rows, best first: rank, values, best validation, run."""
    names = list(sweep.parameters)
    header = ["rank", *names, *MEASURED, "state", "run"]
    rows = []
    for rank, trial in enumerate(trials, start=1):
        attributes = trial.user_attrs
        measured = [attributes.get(name, "") for name in MEASURED]
        state = "failed" if "error" in attributes else trial.state.name.lower()
        rows.append([rank, *(trial.params[name] for name in names), *measured, state, attributes.get("run", "")])
    return header, rows


def as_text(sweep: Sweep, trials: list[FrozenTrial]) -> str:
    """The ranking for a terminal, without the runs' folders."""
    header, rows = ranking(sweep, trials)
    lines = [header[:-1], *([_short(value) for value in row[:-1]] for row in rows[:SHOWN])]
    widths = [max(len(str(line[column])) for line in lines) for column in range(len(lines[0]))]
    text = ["  ".join(str(value).rjust(width) for value, width in zip(line, widths, strict=True)) for line in lines]
    more = [f"and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
    return "\n".join([*text, *more])


def heatmaps(sweep: str, points: list[Point], label: str) -> dict[str, Figure]:
    """For each pair of fields with few values the best validation loss of each combination."""
    few = [name for name in points[0][0] if 2 <= len({str(values[name]) for values, _ in points}) <= 12]
    figures = {}
    for down, across in itertools.combinations(few, 2):
        figure = figures[f"heatmap_{down}_{across}"] = _heatmap(points, down, across)
        figure.suptitle(f"{sweep}: best validation loss\non {label}", fontsize=11)
    return figures


def _points(trials: list[FrozenTrial]) -> list[Point]:
    return [(each.params, each.value) for each in trials if each.value is not None and np.isfinite(each.value)]


def _heatmap(points: list[Point], down: str, across: str) -> Figure:
    rows, columns = ([*dict.fromkeys(_in_order(values[name] for values, _ in points))] for name in (down, across))
    best = np.full((len(rows), len(columns)), np.nan)
    for values, loss in points:
        place = rows.index(values[down]), columns.index(values[across])
        best[place] = np.fmin(best[place], loss)
    figure = Figure(figsize=(2.6 + 0.95 * len(columns), 2.5 + 0.6 * len(rows)), layout="constrained")
    axis = figure.subplots()
    picture = axis.imshow(best, cmap="cividis_r", aspect="auto")
    figure.colorbar(picture, ax=axis, label="validation loss (lower is better)")
    axis.grid(False)
    axis.set(xlabel=across, ylabel=down)
    axis.set_xticks(range(len(columns)), [str(value) for value in columns])
    axis.set_yticks(range(len(rows)), [str(value) for value in rows])
    middle = (np.nanmin(best) + np.nanmax(best)) / 2
    for row, column in np.argwhere(np.isfinite(best)):
        colour = "white" if best[row, column] > middle else "black"
        axis.text(column, row, f"{best[row, column]:.3f}", ha="center", va="center", color=colour)
    return figure


def _in_order(values: Any) -> list[Any]:
    """Numbers by size, whether they are numbers or texts of numbers; other texts in their order."""
    values = list(values)
    try:
        return sorted(values, key=float)
    except (TypeError, ValueError):
        return values


def _short(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value
