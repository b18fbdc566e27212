"""Predicts with the weights of a finished run, of either track: they load in both."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from experiment.commandline import from_yaml
from experiment.errors import UserError
from experiment.run import Run
from experiment.weights import load_weights
from numpy_ref.models import build_model


class Predictor:
    """A trained network and the names of its categories.

    Args:
        folder: a run's folder, with `config.yaml`, `model.json` and `model.safetensors`.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / "config.yaml").is_file():
            raise UserError(f"{folder}: not the folder of a run (it has no config.yaml).")
        experiment, facts = from_yaml(folder / "config.yaml"), Run(folder).read_json("model.json")
        self.categories: list[str] = facts["categories"]
        self.dtype = np.dtype(experiment.trainer.dtype)
        words = None
        if facts["word_dim"]:
            words = np.zeros((len(self.categories), facts["word_dim"]))  # the vectors are among the weights
        self.model = build_model(experiment, len(self.categories), words)
        weights, _ = load_weights(folder / "model.safetensors")
        try:
            self.model.load_state_dict(weights)
        except ValueError as error:
            raise UserError(f"{folder / 'model.safetensors'}: does not fit the run's config ({error}).") from error

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) of drawings (N, 28, 28) uint8."""
        pixels = images[:, None].astype(self.dtype) * self.dtype.type(1 / 255)
        return self.model.probabilities(self.model.forward(pixels))
