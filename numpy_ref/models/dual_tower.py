"""Task II, the dual tower. The twin of lightning_models/dual_tower.py: same names, same order.

A drawing x and a category's word vector w go through a tower each and are scaled to unit length:

    u = f(x) / ‖f(x)‖,   e_c = g(w_c) / ‖g(w_c)‖,   s_c = u · e_c = cos(drawing, category c).

The nearest category is the prediction. With S = U Eᵀ the gradients are dL/dU = (dL/dS) E and
dL/dE = (dL/dS)ᵀ U, which then pass through the normalisation (`Normalize`) into the towers.
"""

from __future__ import annotations

import numpy as np

from experiment.config import DualTower as Config
from experiment.config import Experiment
from numpy_ref.layers import Normalize
from numpy_ref.losses import CosineLoss, CrossEntropyLoss, MarginLoss
from numpy_ref.models.classifier import Classifier, Losses
from numpy_ref.models.mlp import mlp
from numpy_ref.models.softmax import PIXELS
from numpy_ref.module import Parameter


class DualTower(Classifier):
    """Image tower and word tower that meet on the unit sphere; scores are cosine similarities (B, C)."""

    def __init__(self, experiment: Experiment, word_vectors: np.ndarray) -> None:
        super().__init__(experiment.optimizer)
        config, dtype = experiment.dual_tower, np.dtype(experiment.trainer.dtype)
        self._train_word_tower = config.train_word_tower
        self.word_vectors = word_vectors.astype(dtype)
        self.image_tower = mlp([PIXELS, *config.image_dims, config.embedding_dim], dtype)
        self.word_tower = mlp([word_vectors.shape[1], *config.word_dims, config.embedding_dim], dtype)
        self.image_norm, self.word_norm = Normalize(), Normalize()
        self._losses = _losses(config)

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Cosine similarities (B, C) of drawings and categories."""
        self._u = self.image_norm.forward(self.image_tower.forward(images.reshape(len(images), -1)))
        self._e = self.word_norm.forward(self.word_tower.forward(self.word_vectors))
        return self._u @ self._e.T

    def loss_terms(self, scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """The weighted sum, and each term before its weight."""
        terms = {f"loss_{name}": loss.forward(scores, labels) for name, (_, loss) in self._losses.items()}
        total = sum(weight * terms[f"loss_{name}"] for name, (weight, _) in self._losses.items())
        return {"loss": total, **terms}

    def backward(self) -> None:
        """dL/dS, then U and E, then each tower that is trained."""
        dscores = np.sum([weight * loss.backward() for weight, loss in self._losses.values()], axis=0)
        self.image_tower.backward(self.image_norm.backward(dscores @ self._e), input_grad=False)
        if self._train_word_tower:
            self.word_tower.backward(self.word_norm.backward(dscores.T @ self._u), input_grad=False)

    def trained_parameters(self) -> list[Parameter]:
        """What is trained: the image tower, and the word tower unless it is frozen."""
        words = self.word_tower.parameters() if self._train_word_tower else []
        return self.image_tower.parameters() + words


def _losses(config: Config) -> Losses:
    """Weight and loss of each term that is switched on."""
    terms: Losses = {
        "cosine": (config.cosine_weight, CosineLoss()),
        "margin": (config.margin_weight, MarginLoss(config.margin)),
        "contrast": (config.contrast_weight, CrossEntropyLoss(config.temperature)),
    }
    return {name: (weight, loss) for name, (weight, loss) in terms.items() if weight > 0}
