"""What a prediction needs of a run, of either track."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiment.commandline import from_yaml
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.memory import check_memory
from experiment.registry import MODELS
from experiment.run import Run
from experiment.weights import BEST, load_weights

BYTES_PER_PIXEL = 8


@dataclass(frozen=True)
class Trained:
    """A trained network as its run's folder describes it."""

    folder: Path
    experiment: Experiment
    categories: list[str]
    shape: tuple[int, ...]
    """Channels, height and width of the images; or points of a sequence, and numbers of each."""
    words: np.ndarray | None
    """The dual tower's word vectors (C, D)."""
    weights: dict[str, np.ndarray]
    """By torch's state_dict names."""

    def misfit(self, error: Exception) -> UserError:
        """What to tell the user when the weights do not fit the network."""
        reason = " ".join(str(error).split())
        return UserError(f"{self.folder / BEST}: does not fit the run's config ({reason[:200]}).")


def read_trained(folder: Path) -> Trained:
    """Read `config.yaml`, `model.json` and `model.safetensors`; a damaged run is a `UserError`."""
    if not (folder / "config.yaml").is_file():
        raise UserError(f"{folder}: not the folder of a run (it has no config.yaml).")
    experiment, metadata = from_yaml(folder / "config.yaml"), Run(folder).read_json("model.json", "categories", "shape")
    categories, shape = metadata["categories"], metadata["shape"]
    if not _are_names(categories) or not _is_shape(shape):
        raise UserError(f"{folder / 'model.json'}: its categories or shape are damaged; this run cannot be used.")
    check_memory(math.prod(shape) * BYTES_PER_PIXEL, f"{folder / 'model.json'}: an image of its shape")
    weights, _ = load_weights(folder / BEST)
    trained = Trained(folder, experiment, categories, tuple(shape), weights.get("word_vectors"), weights)
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise UserError(f"{folder / BEST}: {name} has numbers that are not finite; train again.")
    if MODELS[experiment.model].needs_words and trained.words is None:
        raise trained.misfit(ValueError(f"{experiment.model} needs word_vectors"))
    return trained


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(isinstance(name, str) for name in value)


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and len(value) in (2, 3) and all(type(size) is int and size > 0 for size in value)
