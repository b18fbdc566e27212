"""Predicts in NumPy with the weights of a finished run, of either track. The twin of lightning_models/predictor.py."""

from __future__ import annotations

import numpy as np

from datamodules.sequences import as_input
from experiment.trained_run import Trained
from numpy_ref.dual_tower import DualTower
from numpy_ref.registry import build_model

AT_ONCE = 512
"""Images that pass through the network at a time."""


class Predictor:
    """A trained network, ready for drawings."""

    def __init__(self, trained: Trained) -> None:
        self.shape, self.dtype = trained.shape, np.dtype(trained.experiment.trainer.dtype)
        self.model = build_model(trained.experiment, trained.shape, len(trained.categories), trained.words)
        self.model.eval()
        try:
            self.model.load_state_dict(trained.weights)
        except ValueError as error:
            raise trained.misfit(error) from error

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities (N, categories) of images (N, H, W) or (N, H, W, 3), or strokes (N, POINTS, 3), uint8."""
        return self.model.probabilities(self.model.forward(as_input(images, self.shape, self.dtype)))

    def saliency(self, image: np.ndarray, category: int) -> np.ndarray:
        """How the score of a category changes with each pixel of an image (H, W) uint8: d score / dx, (H, W).

        "Saliency" as in Simonyan et al. 2014, "Deep Inside Convolutional Networks", with its sign.
        """
        scores = self.model.forward(as_input(image[None], self.shape, self.dtype))
        chosen = np.eye(scores.shape[1], dtype=self.dtype)[[category]]
        return self.model.backward(chosen)[0].sum(axis=0)

    def embed(self, images: np.ndarray) -> np.ndarray:
        """Vectors (N, D) of length 1: a dual tower's embeddings, or a classifier's last hidden layer."""
        parts = [self._embed(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]
        return np.concatenate(parts)

    def embed_words(self, vectors: np.ndarray) -> np.ndarray:
        """A dual tower's embeddings (C, D), of length 1, of word vectors (C, V)."""
        assert isinstance(self.model, DualTower)
        return self.model.embed_words(vectors.astype(self.dtype))

    def activations(self, image: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """The output (1, ...) of each layer that an image (H, W) uint8 passes, by the layer's name, in order."""
        x, outputs = as_input(image[None], self.shape, self.dtype), []
        self.model.note_batch(x)
        for layer in self.model.image_layers().layers:
            x = layer.forward(x)
            outputs.append((type(layer).__name__, x.copy()))
        return outputs

    def _embed(self, images: np.ndarray) -> np.ndarray:
        features = self.model.features(as_input(images, self.shape, self.dtype))
        return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), np.finfo(self.dtype).tiny)
