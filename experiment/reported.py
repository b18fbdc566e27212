"""The numbers of published reports (`reported.yaml` in a folder of configs), and the table of them beside our runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from experiment.errors import UserError
from experiment.run import Run

TITLES = {"numpy": "NumPy", "lightning": "PyTorch"}
METRICS = {"accuracy": "accuracy", "roc_auc_macro": "ROC AUC", "pr_auc_macro": "PR AUC"}
"""The test metrics that reports give, by their names in `metrics.json`, and how the table calls them."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One experiment of a report."""

    config: str
    """Name of its YAML file in the same folder."""
    numpy: dict[str, float] = field(default_factory=dict)
    """What the report measured with its own NumPy code, by our names of the metrics."""
    lightning: dict[str, float] = field(default_factory=dict)
    """What it measured with PyTorch."""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A report."""

    title: str
    training_images: int
    """How many images it had for training and validation."""
    rows: list[Row]


def read_reported(folder: Path) -> Reported:
    """Read `reported.yaml`; whatever is wrong with it is a `UserError`."""
    path = folder / "reported.yaml"
    try:
        content = yaml.safe_load(path.read_text())
        reported = Reported(**{**content, "rows": [Row(**row) for row in content["rows"]]})
    except OSError as error:
        raise UserError(f"{path}: cannot be read; give a folder such as configs/reports/3_mnist.") from error
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise UserError(f"{path}: not a list of experiments with reported numbers ({error}).") from error
    for row in reported.rows:
        unknown = sorted((set(row.numpy) | set(row.lightning)) - set(METRICS))
        if unknown:
            raise UserError(f"{path}: unknown metric {unknown[0]!r} for {row.config}; there are {', '.join(METRICS)}.")
        if not (folder / row.config).is_file():
            raise UserError(f"{path}: names {row.config}, which is not in {folder}.")
    return reported


def table(reported: Reported, runs: list[dict[str, Path]]) -> str:
    """A Markdown table: for each experiment and track the reported and the measured numbers."""
    lines = ["| experiment | track | metric | reported | measured |", "|---|---|---|---|---|"]
    counts = set()
    for row, folders in zip(reported.rows, runs, strict=True):
        for track, folder in folders.items():
            metrics = Run(folder).read_json("metrics.json", "test", "data")
            counts.add(
                (metrics["data"]["label"], sum(metrics["data"]["counts"][split] for split in ("train", "validation")))
            )
            given = getattr(row, track)
            for name in ("accuracy", *(name for name in given if name != "accuracy")):
                said = f"{given[name]:.4f}" if name in given else ""
                measured = f"{metrics['test'][name]:.4f}"
                lines.append(f"| {Path(row.config).stem} | {TITLES[track]} | {METRICS[name]} | {said} | {measured} |")
    notes = [_note(reported, label, count) for label, count in sorted(counts)]
    return "\n".join([f"# {reported.title}", "", *notes, "", *lines]) + "\n"


def _note(reported: Reported, label: str, count: int) -> str:
    if count == reported.training_images:
        return f"On {label}, {count:,} images for training and validation, as the report had."
    fewer, theirs = "fewer" if count < reported.training_images else "more", reported.training_images
    return f"On {label}: {count:,} images for training and validation, {fewer} than the report's {theirs:,}."
