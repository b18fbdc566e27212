"""Sections about sweeps: what was tried, what came of it, and what follows."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context

from experiment.commandline import flat_fields
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.figures.style import STYLE
from experiment.run import Run
from experiment.trained import read_trained
from numpy_ref.models.dual_tower import DualTower
from numpy_ref.predictor import Predictor
from reporting.document import Block, Figure, Table, Text
from reporting.evidence import Evidence, SweepNumbers
from reporting.pictures import as_svg, trials
from reporting.plan import Plan
from reporting.sections.common import missing, number
from sweeps.plan import as_text
from sweeps.results import heatmaps

SHOWN = 10
"""So many trials stand in a table."""
COLLAPSED = 0.95
"""Categories whose embeddings have a mean cosine above this lie all but on one point."""


def ranking(plan: Plan, evidence: Evidence, name: str, own: Experiment | None, what: str) -> list[Block]:
    """A sweep's best trials as a table, and where the report's own experiment stands among them."""
    sweep = evidence.sweeps.get(name)
    if sweep is None:
        return [missing(what, plan.search(name))]
    shown = sweep.rows[:SHOWN]
    rows = [
        [
            row["place"],
            *(row[each] for each in sweep.fields),
            _loss(row),
            _share(row),
            row["epoch"],
        ]
        for row in shown
    ]
    more = f"the best {len(shown)} of {len(sweep.rows)}" if len(sweep.rows) > len(shown) else f"all {len(shown)}"
    caption = f"{what}: {more} trials by validation loss."
    header = ["place", *(f"`{each}`" for each in sweep.fields), "validation loss", "validation accuracy", "epoch"]
    blocks: list[Block] = [Table(caption, header, rows), Text(_verdict(sweep, own))]
    return blocks


def heatmap(evidence: Evidence, name: str) -> list[Block]:
    """The heatmaps of a sweep over two fields and more."""
    sweep = evidence.sweeps.get(name)
    if sweep is None:
        return []
    points: list[Any] = [({each: row[each] for each in sweep.fields}, float(row["val/loss"])) for row in sweep.rows]
    with rc_context(STYLE):
        drawn = heatmaps(sweep.folder.parent.name, points, sweep.data["label"]) if points else {}
        images = [as_svg(f"{name}_{each}", canvas) for each, canvas in drawn.items()]
    caption = "The best validation loss for each pair of values, whatever the other fields were; darker is worse."
    return [Figure(caption, images)] if images else []


def bars(plan: Plan, evidence: Evidence, name: str, own: Experiment, what: str) -> list[Block]:
    """A sweep over one field as bars of validation accuracy, and what follows for the choice."""
    sweep = evidence.sweeps.get(name)
    if sweep is None:
        return [missing(what, plan.search(name))]
    rows = sorted(sweep.rows, key=lambda row: _size(row[sweep.fields[0]]))
    names = [", ".join(row[each] for each in sweep.fields) for row in rows]
    mine = next((number for number, row in enumerate(rows) if _is_own(sweep, row, own)), None)
    losses, shares = ([float(row[f"val/{each}"]) for row in rows] for each in ("loss", "accuracy"))
    with rc_context(STYLE):
        picture = as_svg(name, trials(names, losses, shares, _standard_error(sweep), mine))
    caption = (
        f"{what}, on {sweep.data['label']} ({sweep.data['source']}): {', '.join(f'`{each}`' for each in sweep.fields)}."
    )
    caption += " The network of this report stands out in red." if mine is not None else ""
    return [Figure(caption, [picture], 0.95), Text(_verdict(sweep, own))]


def ablation(plan: Plan, evidence: Evidence) -> list[Block]:
    """What each ingredient brings, against the trial with all of them."""
    sweep = evidence.sweeps.get("ablation")
    if sweep is None:
        return [missing("The ablation", plan.search("ablation"))]
    field = sweep.fields[0]
    order = list(plan.sweeps["ablation"].named.get(field, {}))
    rows = sorted(sweep.rows, key=lambda row: order.index(row[field]) if row[field] in order else len(order))
    whole = rows[0]
    table = []
    for row in rows:
        change = "" if row is whole else f"{100 * (float(row['val/accuracy']) - float(whole['val/accuracy'])):+.1f}"
        table.append([row[field], _loss(row), _share(row), change, row["epoch"]])
    header = ["variant", "validation loss", "validation accuracy", "change, points", "best epoch"]
    config = plan.sweeps["ablation"].experiment({})
    changes = {row[field]: float(row["val/loss"]) - float(whole["val/loss"]) for row in rows[1:]}
    listed = ", ".join(f"{name} {changes[name]:+.3f}" for name in sorted(changes, key=lambda name: -changes[name]))
    words = f"Against the whole, the validation loss changes as follows: {listed}. What stands first is missed most."
    return [
        Text(
            "To see what improves the network, ingredients are left out one by one: batch normalisation "
            "[@ioffe2015], dropout [@srivastava2014], augmentation, the L2 penalty, the schedule of the learning "
            "rate [@smith2019], and initial weights scaled to the layer [@he2015] (instead of a standard deviation "
            f"of 0.01 everywhere). Each variant trains for up to {config.trainer.max_epochs} epochs."
        ),
        Table(f"Ablation on {sweep.data['label']}: the whole, and the whole without one ingredient.", header, table),
        Text(words),
        Text(_uncertainty(sweep)),
    ]


def collapse(plan: Plan, evidence: Evidence) -> list[Block]:
    """Does a trained word tower collapse? The mean cosine between two categories' embeddings tells."""
    sweep = evidence.sweeps.get("word_tower")
    if sweep is None:
        return [missing("The study of the word tower", plan.search("word_tower"))]
    table, fallen = [], []
    for row in sweep.rows:
        cosine = _mean_cosine(sweep.run(row))
        name = ", ".join(f"`{each.removeprefix('dual_tower.')}` {row[each]}" for each in sweep.fields)
        table.append([name, _loss(row), _share(row), "-" if cosine is None else f"{cosine:.4f}"])
        if cosine is not None and cosine > COLLAPSED:
            fallen.append((name, row))
    words = "No word tower collapses here."
    if fallen:
        names = "; ".join(f"{name} (validation loss {_loss(row)}, accuracy {_share(row)})" for name, row in fallen)
        words = f"All categories lie all but on one point, the tower has collapsed: {names}."
    best = min(sweep.rows, key=lambda row: float(row["val/loss"]))
    surest = max(sweep.rows, key=lambda row: float(row["val/accuracy"]))
    if best is not surest:
        words += (
            " The variant with the smallest loss is not the most accurate one: losses with different terms cannot be "
            "compared, and a loss without rivals can be small while nothing is told apart."
        )
    return [
        Text(
            "The first challenge of two towers is that one minus the cosine alone has a useless solution: if the word "
            "tower learns too, both towers may map everything to one point. Four trainings show whether that "
            "happens: the word tower frozen at its random start or trained, each with and without the margin term."
        ),
        Table(
            f"The word tower on {sweep.data['label']}. The last column is the mean cosine between the embeddings of "
            "two different categories with the best weights: 1 means a single point.",
            ["word tower", "validation loss", "validation accuracy", "mean cosine"],
            table,
        ),
        Text(words),
    ]


def tested(evidence: Evidence, name: str) -> list[Block]:
    """The one test of a sweep's best trial."""
    sweep = evidence.sweeps.get(name)
    if sweep is None:
        return []
    try:
        test = Run(sweep.run(sweep.rows[0])).read_json("metrics.json", "test")["test"]
    except UserError:
        return []
    return [
        Text(
            f"Only the best trial was tested, once: accuracy {number(test['accuracy'])}, F1 {number(test['f1_macro'])}."
        )
    ]


def _verdict(sweep: SweepNumbers, own: Experiment | None) -> str:
    best = sweep.rows[0]
    values = ", ".join(f"`{each}` {best[each]}" for each in sweep.fields)
    words = f"The smallest validation loss, {_loss(best)} (accuracy {_share(best)}), has {values}."
    row = next((row for row in sweep.rows if own and _is_own(sweep, row, own)), None)
    if row is not None and row is not best:
        words += (
            f" The network of this report takes place {row['place']} of {len(sweep.rows)}, with a loss of "
            f"{_loss(row)} and an accuracy of {_share(row)}."
        )
    elif row is best:
        words += " That is the network of this report."
    return f"{words} {_uncertainty(sweep)}"


def _uncertainty(sweep: SweepNumbers) -> str:
    return (
        f"With {sweep.data['counts']['validation']:,} validation drawings the standard error of an accuracy is "
        f"{100 * _standard_error(sweep):.1f} points: smaller differences say little."
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
