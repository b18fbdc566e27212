"""Predicts in NumPy with the weights of a finished run, of either track. The twin of lightning_models/predictor.py."""

from __future__ import annotations

import numpy as np

from experiment.trained import Trained
from numpy_ref.models import build_model


class Predictor:
    """A trained network, ready for drawings."""

    def __init__(self, trained: Trained) -> None:
        self.dtype = np.dtype(trained.experiment.trainer.dtype)
        self.model = build_model(trained.experiment, len(trained.categories), trained.words)
        try:
            self.model.load_state_dict(trained.weights)
        except ValueError as error:
            raise trained.misfit(error) from error

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) of drawings (N, 28, 28) uint8."""
        pixels = images[:, None].astype(self.dtype) * self.dtype.type(1 / 255)
        return self.model.probabilities(self.model.forward(pixels))
