"""Task II, the dual tower. The twin of lightning_models/dual_tower.py: same names, same order.

A drawing x and a category's word vector w go through a tower each and are scaled to unit length:

    u = f(x) / ‖f(x)‖,   e_c = g(w_c) / ‖g(w_c)‖,   s_c = u · e_c = cos(drawing, category c).

The nearest category is the prediction. With S = U Eᵀ the gradients are dL/dU = (dL/dS) E and
dL/dE = (dL/dS)ᵀ U, which then pass through the normalisation (`Normalize`) into the towers.
"""

from __future__ import annotations

import numpy as np

from experiment.architecture import Shape, hidden_layers, plan_network
from experiment.config import DualTower as Config
from experiment.config import Experiment
from numpy_ref.classifier import Classifier, Losses
from numpy_ref.layers import Normalize
from numpy_ref.losses import CosineLoss, CrossEntropyLoss, MarginLoss
from numpy_ref.module import Parameter, Sequential
from numpy_ref.network import network


class DualTower(Classifier):
    """Image tower and word tower that meet on the unit sphere; scores are cosine similarities (B, C)."""

    _frozen_words: np.ndarray | None

    def __init__(self, experiment: Experiment, shape: Shape, word_vectors: np.ndarray) -> None:
        super().__init__(experiment)
        config, dtype, size = (
            experiment.dual_tower,
            np.dtype(experiment.trainer.dtype),
            experiment.dual_tower.embedding_dim,
        )
        drawing = hidden_layers(config.image_dims, config.image_layers)
        word = hidden_layers(config.word_dims)
        self.word_vectors = word_vectors.astype(dtype)
        self.image_tower = network(
            plan_network(drawing, shape, size, "dual_tower.image_layers"), dtype, experiment.seed
        )
        self.word_tower = network(plan_network(word, word_vectors.shape[1:], size, "word"), dtype, experiment.seed)
        self.image_norm, self.word_norm = Normalize(), Normalize()
        self._train_word_tower = config.train_word_tower
        self._losses = _losses(config)
        self.note_layers()

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Cosine similarities (B, C) of drawings and categories."""
        self._u, self._e = self.features(images), self.words()
        return self._u @ self._e.T

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """From dL/dS to U and E, then into each tower that is trained; dL/dimages."""
        self._backward_words(grad)
        return self.image_tower.backward(self.image_norm.backward(grad @ self._e))

    def backward_parameters(self, grad: np.ndarray) -> None:
        """From dL/dS to U and E, then into each tower that is trained."""
        self._backward_words(grad)
        self.image_tower.backward_parameters(self.image_norm.backward(grad @ self._e))

    def _backward_words(self, grad: np.ndarray) -> None:
        if self._train_word_tower:
            self.word_tower.backward_parameters(self.word_norm.backward(grad.T @ self._u))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Embeddings of drawings (B, D), of length 1."""
        return self.image_norm.forward(self.image_tower.forward(images))

    def words(self) -> np.ndarray:
        """Embeddings of the categories (C, D), of length 1; those of a frozen tower are made once a pass."""
        if self._train_word_tower:
            return self.embed_words(self.word_vectors)
        if self._frozen_words is None:
            self._frozen_words = self.embed_words(self.word_vectors)
        return self._frozen_words

    def embed_words(self, vectors: np.ndarray) -> np.ndarray:
        """Embeddings (C, D), of length 1, of word vectors (C, V), also of words that training never showed."""
        return self.word_norm.forward(self.word_tower.forward(vectors))

    def image_layers(self) -> Sequential:
        """The image tower."""
        return self.image_tower

    def reset_sums(self) -> None:
        """Begin a new pass through a split, for which other weights may have been loaded."""
        super().reset_sums()
        self._frozen_words = None

    def trained_parameters(self) -> list[Parameter]:
        """What is trained: the image tower, and the word tower unless it is frozen."""
        words = self.word_tower.parameters() if self._train_word_tower else []
        return self.image_tower.parameters() + words


def _losses(config: Config) -> Losses:
    """Weight and loss of each term that is switched on."""
    terms: Losses = {
        "cosine": (config.cosine_weight, CosineLoss()),
        "margin": (config.margin_weight, MarginLoss(config.margin)),
        "contrast": (config.contrast_weight, CrossEntropyLoss(config.temperature, config.label_smoothing)),
    }
    return {name: (weight, loss) for name, (weight, loss) in terms.items() if weight > 0}
