"""Published results (`reported.yaml` in a folder of configs), and the table that compares them with our runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from experiment.errors import UserError
from experiment.run import Run

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
    """Read `reported.yaml`; a mistake in it is a `UserError`."""
    path = folder / "reported.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
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
    """A Markdown table: for each experiment what the report says and what was measured, of both tracks."""
    lines = [
        "| experiment | | NumPy, reported | NumPy, measured | PyTorch, reported | PyTorch, measured |",
        "|---|---|---|---|---|---|",
    ]
    counts = set()
    for row, folders in zip(reported.rows, runs, strict=True):
        metrics = {track: Run(folder).read_json("metrics.json", "test", "data") for track, folder in folders.items()}
        for each in metrics.values():
            count = sum(each["data"]["counts"][split] for split in ("train", "validation"))
            counts.add((each["data"]["label"], count))
        for name in METRICS:
            if name == "accuracy" or name in row.numpy or name in row.lightning:
                cells = [_cells(getattr(row, track), metrics[track]["test"], name) for track in ("numpy", "lightning")]
                lines.append(f"| {Path(row.config).stem} | {METRICS[name]} | {' | '.join(cells)} |")
    notes = [_note(reported, label, count) for label, count in sorted(counts)]
    return "\n".join([f"# {reported.title}", "", *notes, "", *lines]) + "\n"


def _cells(said: dict[str, float], measured: dict[str, float], name: str) -> str:
    return f"{said[name]:.4f} | {measured[name]:.4f}" if name in said else f" | {measured[name]:.4f}"


def _note(reported: Reported, label: str, count: int) -> str:
    if count == reported.training_images:
        return f"On {label}, {count:,} images for training and validation, as the report had."
    fewer, theirs = "fewer" if count < reported.training_images else "more", reported.training_images
    return f"On {label}: {count:,} images for training and validation, {fewer} than the report's {theirs:,}."
