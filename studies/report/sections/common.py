"""What several chapters need: metrics as tables, a run's figures, and a note where something asked for is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib import rc_context

from experiment.metrics import AVERAGED
from studies.report.document import Block, Figure, Heading, Image, Notice, Table
from studies.report.evidence import TrainedRun
from studies.report.pictures import as_png, as_svg
from studies.report.plan import Plan, as_line
from studies.report.words import words
from visualization.figures import FIGURES
from visualization.figures.style import STYLE

TITLES = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
}
PIXELS = ("predictions", "first_layer", "feature_maps", "confusion_matrix")
"""Figures that are made of images."""
LONGEST = 24
"""Most rows of a table per category: half from the top, half from the bottom."""
WIDTH = 96
"""Characters of a command that fit into a line."""
NAMES = {"numpy": "NumPy", "lightning": "Lightning"}


def own_chapter(plan: Plan, section: str, title: str) -> list[Block]:
    """A chapter of the author's own text; nothing where there is none."""
    blocks = words(plan, section)
    return [Heading(title), *blocks] if blocks else []


def missing(what: str, command: list[str]) -> Notice:
    """What is shown for a part that was asked for and is not there."""
    return Notice(f"{what} is missing. This command makes it:", as_line(command, WIDTH))


def figures(run: TrainedRun, names: Iterable[str], caption: str, width: float = 1.0) -> list[Block]:
    """Some of a run's figures, those that it has, side by side under one caption."""
    with rc_context(STYLE):
        drawn = {name: FIGURES[name](run.results) for name in names}
        images: list[Image] = []
        for name, canvas in drawn.items():
            if canvas is not None:
                title = f"{run.metrics['experiment']}_{run.metrics['track']}_{name}"
                images.append((as_png if name in PIXELS else as_svg)(title, canvas))
    return [Figure(caption, images, width)] if images else []


def metrics_table(runs: Sequence[TrainedRun], full: bool) -> Table:
    """Best epoch and test metrics of one run, or of both tracks and their difference; weighted ones if `full`."""
    names = [name for name in runs[0].metrics["test"] if full or not name.endswith("_weighted")]
    tests = [run.metrics["test"] for run in runs]
    best = [run.metrics["validation_best"] for run in runs]
    rows = [
        ["best epoch", *(f"{each['epoch']} of {run.metrics['epochs']}" for each, run in zip(best, runs, strict=True))],
        _compared("validation loss", [each["loss"] for each in best]),
        _compared("validation accuracy", [each["accuracy"] for each in best]),
        *(_compared(_test_title(name), [test[name] for test in tests]) for name in names),
    ]
    width = len(runs) + 1 + (len(runs) == 2)
    rows = [row + [""] * (width - len(row)) for row in rows]
    header = ["", *(NAMES[run.metrics["track"]] for run in runs), *(["difference"] if len(runs) == 2 else [])]
    return Table("Validation of the best epoch, and the test with its weights.", header, rows)


def per_category(run: TrainedRun) -> Table:
    """Test metrics of each category, one against the rest; of very many those with the best and the worst F1."""
    by_category: dict[str, dict[str, Any]] = run.metrics["test_per_class"]
    caption = f"Test metrics of the {NAMES[run.metrics['track']]} track for each category, one against the rest."
    names = list(by_category)
    if len(names) > LONGEST:
        names.sort(key=lambda name: -by_category[name]["f1"])
        names = names[: LONGEST // 2] + names[-LONGEST // 2 :]
        caption += f" Of {len(by_category)} categories, the {LONGEST // 2} best and the {LONGEST // 2} worst by F1."
    rows = [
        [name, *(number(by_category[name][each]) for each in AVERAGED), str(by_category[name]["support"])]
        for name in names
    ]
    return Table(caption, ["category", *(TITLES[name] for name in AVERAGED), "drawings"], rows)


def number(value: float | None) -> str:
    """A share with four decimals; what could not be measured is a dash."""
    return "-" if value is None else f"{value:.4f}"


def small(value: float) -> str:
    """A difference, by its order of magnitude."""
    return f"{value:.1e}" if value else "0"


def _compared(title: str, values: list[float | None]) -> list[str]:
    row = [title, *(number(value) for value in values)]
    known = [value for value in values if value is not None]
    return row if len(values) < 2 else [*row, small(abs(known[0] - known[1])) if len(known) == 2 else "-"]


def _test_title(name: str) -> str:
    """ "f1_macro" becomes "test F1, macro"."""
    base, _, kind = name.rpartition("_")
    known = TITLES.get(base if kind in ("macro", "weighted") else name, name)
    return f"test {known}, {kind}" if kind in ("macro", "weighted") else f"test {known}"
