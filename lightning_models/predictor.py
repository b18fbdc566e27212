"""Predicts in PyTorch with the weights of a finished run, of either track. The twin of numpy_ref/predictor.py."""

from __future__ import annotations

import numpy as np
import torch

from datamodules.sequences import as_input
from experiment.trained_run import Trained
from lightning_models.dual_tower import DualTower
from lightning_models.registry import build_model

AT_ONCE = 512
"""Images that pass through the network at once."""


class Predictor:
    """A trained network, ready for drawings."""

    def __init__(self, trained: Trained) -> None:
        self.shape, self.dtype = trained.shape, np.dtype(trained.experiment.trainer.dtype)
        self.model = build_model(trained.experiment, trained.shape, len(trained.categories), trained.words).eval()
        try:
            self.model.load_state_dict({name: torch.from_numpy(array) for name, array in trained.weights.items()})
        except RuntimeError as error:
            raise trained.misfit(error) from error

    @torch.inference_mode()
    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (N, categories) of images (N, H, W) or (N, H, W, 3), or strokes (N, POINTS, 3), uint8."""
        return self.model.probabilities(self.model(torch.from_numpy(as_input(images, self.shape, self.dtype)))).numpy()

    def saliency(self, image: np.ndarray, category: int) -> np.ndarray:
        """How the score of a category changes with each pixel of an image (H, W) uint8: d score / dx, (H, W).

        "Saliency" as in Simonyan et al. 2014, "Deep Inside Convolutional Networks", with its sign.
        """
        x = torch.from_numpy(as_input(image[None], self.shape, self.dtype)).requires_grad_()
        (grad,) = torch.autograd.grad(self.model(x)[0, category], x)
        return grad[0].sum(dim=0).numpy()

    @torch.inference_mode()
    def embed(self, images: np.ndarray) -> np.ndarray:
        """Vectors (N, D) of length 1: a dual tower's embeddings, or a classifier's last hidden layer."""
        parts = [self._embed(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]
        return torch.cat(parts).numpy()

    @torch.inference_mode()
    def embed_words(self, vectors: np.ndarray) -> np.ndarray:
        """A dual tower's embeddings (C, D), of length 1, of word vectors (C, V)."""
        assert isinstance(self.model, DualTower)
        return self.model.embed_words(torch.from_numpy(vectors.astype(self.dtype))).numpy()

    @torch.inference_mode()
    def activations(self, image: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """The output (1, ...) of each layer that an image (H, W) uint8 passes, by the layer's name, in order."""
        x, outputs = torch.from_numpy(as_input(image[None], self.shape, self.dtype)), []
        self.model.note_batch(x)
        for layer in self.model.image_layers():
            x = layer(x)
            outputs.append((type(layer).__name__, x.numpy().copy()))
        return outputs

    def _embed(self, images: np.ndarray) -> torch.Tensor:
        features = self.model.features(torch.from_numpy(as_input(images, self.shape, self.dtype)))
        return features / features.norm(dim=1, keepdim=True).clamp_min(torch.finfo(features.dtype).tiny)
