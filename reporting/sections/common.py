"""What several chapters need: metrics as tables, a run's figures, and what stands where a run is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matplotlib import rc_context

from experiment.figures import FIGURES
from experiment.figures.style import STYLE
from experiment.metrics import AVERAGED
from reporting.document import Block, Figure, Image, Notice, Table
from reporting.evidence import TrainedRun
from reporting.pictures import as_png, as_svg
from reporting.plan import as_line

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
"""A table per category is cut to so many rows, half from the top and half from the bottom."""
WIDTH = 96
"""So many characters of a command fit into a line."""
NAMES = {"numpy": "NumPy", "lightning": "Lightning"}


def missing(what: str, command: list[str]) -> Notice:
    """What stands in place of a part whose runs are not there."""
    return Notice(f"{what} is missing: no finished run was found. This command makes it:", as_line(command, WIDTH))


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


def averages(run: TrainedRun) -> Table:
    """Test metrics, averaged over categories in both ways."""
    test = run.metrics["test"]
    rows = [[TITLES["accuracy"], number(test["accuracy"]), number(test["accuracy"])]]
    rows += [[TITLES[name], number(test[f"{name}_macro"]), number(test[f"{name}_weighted"])] for name in AVERAGED]
    return Table(
        f"Test metrics of the {NAMES[run.metrics['track']]} track: plain mean over categories (macro), and weighted by "
        "each category's number of drawings.",
        ["metric", "macro", "weighted"],
        rows,
    )


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
