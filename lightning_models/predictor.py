"""Predicts in PyTorch with the weights of a finished run, of either track. The twin of numpy_ref/predictor.py."""

from __future__ import annotations

import numpy as np
import torch

from experiment.trained import Trained
from lightning_models.models import build_model


class Predictor:
    """A trained network, ready for drawings."""

    def __init__(self, trained: Trained) -> None:
        self.dtype = np.dtype(trained.experiment.trainer.dtype)
        self.model = build_model(trained.experiment, len(trained.categories), trained.words).eval()
        try:
            self.model.load_state_dict({name: torch.from_numpy(array) for name, array in trained.weights.items()})
        except RuntimeError as error:
            raise trained.misfit(error) from error

    @torch.inference_mode()
    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) of drawings (N, 28, 28) uint8."""
        pixels = images[:, None].astype(self.dtype) * self.dtype.type(1 / 255)
        return self.model.probabilities(self.model(torch.from_numpy(pixels))).numpy()
