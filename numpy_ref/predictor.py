"""Predicts in NumPy with the weights of a finished run, of either track. The twin of lightning_models/predictor.py."""

from __future__ import annotations

import numpy as np

from datamodules.drawings import as_batch
from experiment.trained import Trained
from numpy_ref.models import build_model


class Predictor:
    """A trained network, ready for drawings."""

    def __init__(self, trained: Trained) -> None:
        self.dtype = np.dtype(trained.experiment.trainer.dtype)
        self.model = build_model(trained.experiment, trained.shape, len(trained.categories), trained.words)
        self.model.eval()
        try:
            self.model.load_state_dict(trained.weights)
        except ValueError as error:
            raise trained.misfit(error) from error

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (N, categories) of images (N, H, W) or (N, H, W, 3) uint8."""
        return self.model.probabilities(self.model.forward(as_batch(images, self.dtype)))
