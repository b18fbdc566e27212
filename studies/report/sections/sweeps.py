"""Sections about sweeps: their trials, and where the report's own network stands among them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context

from experiment.commandline import flat_fields
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.run import Run
from experiment.trained_run import read_trained
from numpy_ref.dual_tower import DualTower
from numpy_ref.predictor import Predictor
from studies.report.document import Block, Figure, Heading, Table, Text
from studies.report.evidence import Evidence, SweepNumbers
from studies.report.pictures import as_svg, trials
from studies.report.plan import Plan
from studies.report.sections.common import missing, number
from studies.sweep.definition import VARIANT, as_text
from studies.sweep.ranking import heatmaps
from visualization.figures.style import STYLE

SHOWN = 10
"""Most trials in a table."""
COLLAPSED = 0.95
"""Above this mean cosine between two categories, the embeddings have collapsed to nearly one point."""


def choice(plan: Plan, evidence: Evidence, name: str, what: str, own: Experiment | None) -> list[Block]:
    """A sweep's best trials as a table and heatmaps, the report's own experiment among them, and the one test."""
    return _section(
        plan, evidence, name, what, lambda sweep: [*_ranking(sweep, own), *_heatmap(name, sweep), *tested(sweep)]
    )


def bars(plan: Plan, evidence: Evidence, name: str, what: str, own: Experiment) -> list[Block]:
    """A sweep over one field: validation loss and accuracy of each value."""
    return _section(plan, evidence, name, what, lambda sweep: _bars(name, sweep, what, own))


def ablation(plan: Plan, evidence: Evidence) -> list[Block]:
    """The network without one ingredient at a time, against the one with all of them."""
    order = list(plan.sweeps["ablation"].named.get(VARIANT, {})) if "ablation" in plan.sweeps else []
    return _section(plan, evidence, "ablation", "Ablation", lambda sweep: _ablation(sweep, order))


def collapse(plan: Plan, evidence: Evidence) -> list[Block]:
    """The word tower frozen or trained; the mean cosine between two categories' embeddings shows a collapse."""
    return _section(plan, evidence, "word_tower", "The word tower, frozen and trained", _collapse)


def _section(
    plan: Plan, evidence: Evidence, name: str, title: str, blocks: Callable[[SweepNumbers], list[Block]]
) -> list[Block]:
    """A section about a sweep; a note where it was asked for and is missing, nothing where it was not asked for."""
    if name in evidence.sweeps:
        return [Heading(title, 2), *blocks(evidence.sweeps[name])]
    asked = plan.demanding and name in plan.sweeps
    return [Heading(title, 2), missing("This sweep", plan.sweeping(name))] if asked else []


def _ranking(sweep: SweepNumbers, own: Experiment | None) -> list[Block]:
    shown = sweep.rows[:SHOWN]
    rows = [
        [row["rank"], *(row[each] for each in sweep.fields), _loss(row), _share(row), row["epoch"]] for row in shown
    ]
    more = f"the best {len(shown)} of {len(sweep.rows)}" if len(sweep.rows) > len(shown) else f"all {len(shown)}"
    caption = f"Trials by validation loss, {more}; Optuna [@akiba2019] ran them."
    header = ["rank", *(f"`{each}`" for each in sweep.fields), "validation loss", "validation accuracy", "epoch"]
    return [Table(caption, header, rows), Text(_verdict(sweep, own))]


def _heatmap(name: str, sweep: SweepNumbers) -> list[Block]:
    points: list[Any] = [({each: row[each] for each in sweep.fields}, float(row["val/loss"])) for row in sweep.rows]
    with rc_context(STYLE):
        drawn = heatmaps(sweep.folder.parent.name, points, sweep.data["label"]) if points else {}
        images = [as_svg(f"{name}_{each}", canvas) for each, canvas in drawn.items()]
    caption = "The best validation loss for each pair of values, over all values of the other fields; darker is worse."
    return [Figure(caption, images, 0.9)] if images else []


def _bars(name: str, sweep: SweepNumbers, what: str, own: Experiment) -> list[Block]:
    rows = sorted(sweep.rows, key=lambda row: _size(row[sweep.fields[0]]))
    names = [", ".join(row[each] for each in sweep.fields) for row in rows]
    mine = next((number for number, row in enumerate(rows) if _is_own(sweep, row, own)), None)
    losses, shares = ([float(row[f"val/{each}"]) for row in rows] for each in ("loss", "accuracy"))
    with rc_context(STYLE):
        picture = as_svg(name, trials(names, losses, shares, _standard_error(sweep), mine))
    caption = f"{what}: {', '.join(f'`{each}`' for each in sweep.fields)} (on {sweep.data['label']})."
    caption += " The network of this report in red." if mine is not None else ""
    return [Figure(caption, [picture], 0.9), Text(_verdict(sweep, own))]


def _ablation(sweep: SweepNumbers, order: list[str]) -> list[Block]:
    field = sweep.fields[0]
    rows = sorted(sweep.rows, key=lambda row: order.index(row[field]) if row[field] in order else len(order))
    whole = rows[0]
    table = []
    for row in rows:
        change = "" if row is whole else f"{100 * (float(row['val/accuracy']) - float(whole['val/accuracy'])):+.1f}"
        table.append([row[field], _loss(row), _share(row), change, row["epoch"]])
    header = ["variant", "validation loss", "validation accuracy", "change, points", "best epoch"]
    caption = (
        f"Ablation on {sweep.data['label']}, up to {sweep.best.trainer.max_epochs} epochs: the network with batch "
        "normalisation [@ioffe2015], dropout [@srivastava2014] and the other ingredients, and without one of them."
    )
    return [Table(caption, header, table), Text(_uncertainty(sweep))]


def _collapse(sweep: SweepNumbers) -> list[Block]:
    table, fallen = [], []
    for row in sweep.rows:
        cosine = _mean_cosine(sweep.run(row))
        name = ", ".join(f"`{each.removeprefix('dual_tower.')}` {row[each]}" for each in sweep.fields)
        table.append([name, _loss(row), _share(row), "-" if cosine is None else f"{cosine:.4f}"])
        if cosine is not None and cosine > COLLAPSED:
            fallen.append(name)
    words = f"Collapsed, with a mean cosine above {COLLAPSED:g}: {'; '.join(fallen)}." if fallen else "None collapsed."
    caption = (
        f"The word tower on {sweep.data['label']}. Last column: the mean cosine between the embeddings of two "
        "different categories with the best weights; 1 means a single point."
    )
    header = ["word tower", "validation loss", "validation accuracy", "mean cosine"]
    return [Table(caption, header, table), Text(words)]


def tested(sweep: SweepNumbers) -> list[Block]:
    """The one test of a sweep's best trial."""
    try:
        test = Run(sweep.run(sweep.rows[0])).read_json("metrics.json", "test")["test"]
    except UserError:
        return []
    return [Text(f"Test of the best trial: accuracy {number(test['accuracy'])}, F1 {number(test['f1_macro'])}.")]


def _verdict(sweep: SweepNumbers, own: Experiment | None) -> str:
    best = sweep.rows[0]
    values = ", ".join(f"`{each}` {best[each]}" for each in sweep.fields)
    words = f"The smallest validation loss, {_loss(best)} (accuracy {_share(best)}), has {values}."
    row = next((row for row in sweep.rows if own and _is_own(sweep, row, own)), None)
    if row is not None and row is not best:
        words += (
            f" The network of this report has rank {row['rank']} of {len(sweep.rows)}, with a loss of "
            f"{_loss(row)} and an accuracy of {_share(row)}."
        )
    elif row is best:
        words += " That is the network of this report."
    return f"{words} {_uncertainty(sweep)}"


def _uncertainty(sweep: SweepNumbers) -> str:
    return (
        f"With {sweep.data['counts']['validation']:,} validation drawings the standard error of an accuracy is "
        f"{100 * _standard_error(sweep):.1f} points: differences below that are not significant."
    )


def _standard_error(sweep: SweepNumbers) -> float:
    """Of the best accuracy p, measured on n drawings: √(p (1 - p) / n)."""
    share = max(float(row["val/accuracy"]) for row in sweep.rows)
    return math.sqrt(share * (1 - share) / sweep.data["counts"]["validation"])


def _is_own(sweep: SweepNumbers, row: dict[str, str], own: Experiment) -> bool:
    """Whether a trial has the very values of the report's experiment."""
    fields = flat_fields(asdict(own))
    return all(each in fields and as_text(fields[each]) == row[each] for each in sweep.fields)


def _mean_cosine(folder: Path) -> float | None:
    """Of the embeddings of two different categories, by the best weights of a run."""
    try:
        model = Predictor(read_trained(folder)).model
    except UserError:
        return None
    if not isinstance(model, DualTower):
        return None
    words = model.words()
    cosines = (words @ words.T).astype(np.float64)
    return float(cosines[~np.eye(len(cosines), dtype=bool)].mean())


def _size(text: str) -> tuple[int, float]:
    """Lists by their length, then by their first number; numbers by their size; names stay as they are."""
    try:
        numbers = [float(each) for each in text.strip("[]").split(",") if each.strip()]
    except ValueError:
        return 0, 0.0
    return len(numbers), numbers[0] if numbers else 0.0


def _loss(row: dict[str, str]) -> str:
    return f"{float(row['val/loss']):.4f}"


def _share(row: dict[str, str]) -> str:
    return f"{float(row['val/accuracy']):.4f}"
