"""What a run writes for TensorBoard, the same in both tracks: tags, charts, settings and figures.

TensorBoard puts all runs with a tag into one chart, and sorts charts by tag. So the experiment's name is part of the
tags that are compared, and these come first:

    curves/<experiment>/train_loss, train_accuracy, val_loss, val_accuracy     a line per track and run
    difference/<experiment>/...     NumPy - Lightning of the same, written by the second of two equal runs
    figures/1_predictions, ...      a few of the run's figures
    loss_terms/<experiment>/...     the terms of the loss, where there are several
    test/..., val/best_...          one number per run, for the table of hyperparameters
    training/lr, training/images_per_second
    gradients/..., weights/...      histograms

Steps are optimizer steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from experiment.active_settings import settings_in_force
from experiment.config import Experiment
from experiment.history import best_row
from experiment.registry import MODELS
from experiment.run import Row
from visualization.tensorboard import EventWriter

CURVES = ("train/loss", "val/loss", "train/accuracy", "val/accuracy")
"""The columns of the history that are compared."""
TITLES = {"train": "training", "val": "validation"}
FIGURES = ("predictions", "confusion_matrix", "confused_pairs", "first_layer", "feature_maps", "tsne", "reliability")
"""The figures that TensorBoard shows, in this order; all of them are in the run's folder."""
METRICS = (
    *("test/accuracy", "val/best_accuracy", "test/loss", "val/best_loss", "test/f1_macro"),
    *("test/roc_auc_macro", "test/pr_auc_macro"),
)
"""The results in the table of hyperparameters; TensorBoard ticks the first five."""
FIRST = ("track", "data", "dtype", "lr", "model")
"""The settings that the table of hyperparameters shows first."""
DATA = ("data.augmentation", "data.batch_size", "data.train_per_category")
"""What the table shows of the data's settings."""
SHORT = {"optimizer.lr": "lr", "trainer.dtype": "dtype"}
"""Names of columns that are shorter than the fields'."""


def curve_tag(experiment: str, column: str, group: str = "curves") -> str:
    """The tag of a column of the history: "val/loss" becomes "curves/<experiment>/val_loss"."""
    return f"{group}/{experiment}/{column.replace('/', '_')}"


def epoch_scalars(experiment: str, row: Row, images_per_second: float) -> dict[str, float]:
    """The scalars of one epoch by their tags; `experiment` is the name of the experiment."""
    scalars = {curve_tag(experiment, column): row[column] for column in CURVES}
    terms = [column for column in row if "/loss_" in column]
    scalars |= {curve_tag(experiment, column, "loss_terms"): row[column] for column in terms}
    return scalars | {"training/lr": row["lr"], "training/images_per_second": images_per_second}


def write_charts(events: EventWriter, experiment: str, history: Sequence[Row]) -> None:
    """The custom-scalars page: a category per experiment, with a chart per quantity and for the differences."""
    charts = {_title(column): [f"^{re.escape(curve_tag(experiment, column))}$"] for column in CURVES}
    for quantity in ("loss", "accuracy"):
        tags = f"^{re.escape(curve_tag(experiment, '', 'difference'))}.*{quantity}$"
        charts[f"difference of the {quantity}, NumPy - Lightning"] = [tags]
    terms = [column for column in history[0] if "/loss_" in column]
    charts |= {_title(column): [f"^{re.escape(curve_tag(experiment, column, 'loss_terms'))}$"] for column in terms}
    events.layout({experiment: charts})


def write_difference(events: EventWriter, experiment: str, numpy: Sequence[Row], lightning: Sequence[Row]) -> None:
    """NumPy - Lightning of each curve, epoch by epoch, as far as both histories go."""
    for ours, theirs in zip(numpy, lightning, strict=False):
        difference = {curve_tag(experiment, name, "difference"): ours[name] - theirs[name] for name in CURVES}
        events.scalars(difference, int(ours["step"]))


def write_settings(events: EventWriter, experiment: Experiment, track: str, source: str) -> None:
    """The settings of this run, for the table of hyperparameters, which has columns for all models."""
    columns: dict[str, Any] = {}
    for model in MODELS:
        columns |= _settings(experiment, track, source, model)
    settings = _settings(experiment, track, source)
    events.hparams(settings, columns | settings, FIRST, METRICS)


def write_trial_settings(
    events: EventWriter, experiment: Experiment, track: str, source: str, swept: Mapping[str, Any]
) -> None:
    """The settings of a sweep's trial: the swept fields stand first, and the results of the validation."""
    settings = _settings(experiment, track, source)
    values = {SHORT.get(name, name): value for name, value in swept.items()}
    settings |= {name: value for name, value in values.items() if name not in settings}  # such as `variant`
    metrics = sorted(METRICS, key=lambda tag: not tag.startswith("val/"))  # most trials are not tested
    events.hparams(settings, settings, tuple(values), metrics)


def results_of(history: Sequence[Row], test: Mapping[str, float] | None = None) -> dict[str, float]:
    """The results by the tags in `METRICS`: of the best epoch, and of the test where there was one."""
    best = best_row(list(history))
    results = {"val/best_loss": best["val/loss"], "val/best_accuracy": best["val/accuracy"]}
    return results | {f"test/{name}": value for name, value in (test or {}).items() if f"test/{name}" in METRICS}


def _settings(experiment: Experiment, track: str, source: str, model: str | None = None) -> dict[str, Any]:
    settings = {
        SHORT.get(name, name): value
        for name, value in settings_in_force(experiment, model).items()
        if not name.startswith("data.") or name.startswith(DATA)
    }
    return {"track": track, "data": source} | settings


def _title(column: str) -> str:
    split, name = column.split("/", 1)
    return f"{TITLES[split]} {name.replace('_', ' ')}"
