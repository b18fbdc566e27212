"""Predicts in PyTorch with the weights of a finished run, of either track. The twin of numpy_ref/predictor.py."""

from __future__ import annotations

import numpy as np
import torch

from datamodules.drawings import as_batch
from experiment.trained import Trained
from lightning_models.models import build_model


class Predictor:
    """A trained network, ready for drawings."""

    def __init__(self, trained: Trained) -> None:
        self.dtype = np.dtype(trained.experiment.trainer.dtype)
        self.model = build_model(trained.experiment, trained.shape, len(trained.categories), trained.words).eval()
        try:
            self.model.load_state_dict({name: torch.from_numpy(array) for name, array in trained.weights.items()})
        except RuntimeError as error:
            raise trained.misfit(error) from error

    @torch.inference_mode()
    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (N, categories) of images (N, H, W) or (N, H, W, 3) uint8."""
        return self.model.probabilities(self.model(torch.from_numpy(as_batch(images, self.dtype)))).numpy()
