"""What a prediction needs of a run, of either track."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiment.commandline import from_yaml
from experiment.config import Experiment
from experiment.errors import UserError
from experiment.run import Run
from experiment.weights import BEST, load_weights


@dataclass(frozen=True)
class Trained:
    """A trained network as its run's folder describes it."""

    folder: Path
    experiment: Experiment
    categories: list[str]
    shape: tuple[int, int, int]
    """Channels, height and width of the images."""
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
    experiment, facts = from_yaml(folder / "config.yaml"), Run(folder).read_json("model.json", "categories", "shape")
    weights, _ = load_weights(folder / BEST)
    trained = Trained(
        folder, experiment, facts["categories"], tuple(facts["shape"]), weights.get("word_vectors"), weights
    )
    if experiment.model == "dual_tower" and trained.words is None:
        raise trained.misfit(ValueError("a dual tower needs word_vectors"))
    return trained
