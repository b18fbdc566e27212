"""Which settings of an experiment are in force, and which finished run of the other track has the same ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiment.commandline import flat_fields, from_yaml
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.registry import MODELS
from experiment.run import Run, finished_runs

WITHOUT_EFFECT = ("experiment", "logs_root", "compile", "figures", "lightning", "data.root", "data.url", "data.source")
"""Fields that do not change what a run learns. (Checksums of the drawings say whether they are the same.)"""
CONDITIONS: dict[str, Callable[[Experiment], bool]] = {
    "optimizer.momentum": lambda experiment: experiment.optimizer.name == "sgd",
    "optimizer.nesterov": lambda experiment: experiment.optimizer.name == "sgd",
    "optimizer.beta1": lambda experiment: experiment.optimizer.name != "sgd",
    "optimizer.beta2": lambda experiment: experiment.optimizer.name != "sgd",
    "optimizer.eps": lambda experiment: experiment.optimizer.name != "sgd",
    "optimizer.decay_every": lambda experiment: experiment.optimizer.schedule == "step",
    "optimizer.decay_factor": lambda experiment: experiment.optimizer.schedule == "step",
    "optimizer.warmup": lambda experiment: experiment.optimizer.schedule == "one_cycle",
    "softmax.hidden_dims": lambda experiment: experiment.softmax.layers is None,
    "softmax.layers": lambda experiment: experiment.softmax.layers is not None,
    "softmax.label_smoothing": lambda experiment: experiment.softmax.loss == "cross_entropy",
    "dual_tower.image_dims": lambda experiment: experiment.dual_tower.image_layers is None,
    "dual_tower.image_layers": lambda experiment: experiment.dual_tower.image_layers is not None,
    "dual_tower.margin": lambda experiment: experiment.dual_tower.margin_weight > 0,
    "dual_tower.temperature": lambda experiment: experiment.dual_tower.contrast_weight > 0,
    "dual_tower.label_smoothing": lambda experiment: experiment.dual_tower.contrast_weight > 0,
    **{
        f"sequence.{name}": lambda experiment: experiment.sequence.layers is None
        for name in ("dim", "depth", "heads", "feedforward", "dropout", "positions")
    },
    "sequence.layers": lambda experiment: experiment.sequence.layers is not None,
}
"""Fields that some experiments ignore, and when they are in force."""


def settings_in_force(experiment: Experiment, model: str | None = None) -> dict[str, Any]:
    """The fields that decide what a run learns, by their flags' names, without those that this run ignores.

    `model` asks for those that would be in force with another model.
    """
    chosen = MODELS[model or experiment.model]
    fields = asdict(experiment) | {"model": model or experiment.model}
    for entry in MODELS.values():
        if entry.section != chosen.section:
            fields[entry.section] = {}
    if not chosen.needs_words:
        del fields["data"]["word_vectors"]
    fields["data"]["augmentation"] = {name: value for name, value in fields["data"]["augmentation"].items() if value}
    return {
        name: value
        for name, value in flat_fields(fields).items()
        if name not in WITHOUT_EFFECT and (name not in CONDITIONS or CONDITIONS[name](experiment))
    }


def find_twin(run: Run, experiment: Experiment, track: str) -> Run | None:
    """The newest finished run of another track with the same settings on the same data; None if there is none."""
    settings, data = settings_in_force(experiment), _data_of(run)
    for folder in finished_runs(run.folder.parents[2], experiment.experiment):
        if folder.parent.name != track and _learnt_the_same(folder, settings, data):
            return Run(folder)
    return None


def _learnt_the_same(folder: Path, settings: dict[str, Any], data: list[Any]) -> bool:
    try:
        return settings_in_force(from_yaml(folder / "config.yaml")) == settings and _data_of(Run(folder)) == data
    except UserError:  # of another version, or damaged
        return False


def _data_of(run: Run) -> list[Any]:
    """What tells data apart: the drawings' checksums, and the label, which says whether word vectors are random."""
    metadata = run.read_json("data.json", "checksums", "label")
    return [metadata["checksums"], metadata["label"]]
