"""Task II, the dual tower. The twin of numpy_ref/dual_tower.py: same names, same order.

A drawing x and a category's word vector w go through a tower each and are scaled to unit length:

    u = f(x) / ‖f(x)‖,   e_c = g(w_c) / ‖g(w_c)‖,   s_c = u · e_c = cos(drawing, category c).

The nearest category is the prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from experiment.architecture import Shape, hidden_layers, plan_network
from experiment.config import DualTower as Config
from experiment.settings import Source, model_experiment
from lightning_models.classifier import Classifier, Losses
from lightning_models.layers import Normalize
from lightning_models.losses import CosineLoss, CrossEntropyLoss, MarginLoss
from lightning_models.network import network


class DualTower(Classifier):
    """Image tower and word tower that meet on the unit sphere; scores are cosine similarities (B, C).

    Args:
        experiment: an `Experiment`, its YAML file, or nested dicts; None is the default experiment.
        shape: channels, height and width of the images.
        word_vectors: the categories' vectors (C, V); or [C, V] alone, where a checkpoint has them.
        settings: fields of the experiment's sections `dual_tower` and `optimizer`, and `seed`, `initializer`, `dtype`
            and `optimizer` (its name): `DualTower(word_vectors=data.word_vectors, embedding_dim=16, lr=0.1)`.
    """

    _frozen_words: torch.Tensor | None

    def __init__(
        self,
        experiment: Source = None,
        shape: Shape = (1, 28, 28),
        word_vectors: np.ndarray | torch.Tensor | Sequence[int] | None = None,
        **settings: Any,
    ) -> None:
        experiment, word_vectors = model_experiment(experiment, "dual_tower", settings), _as_tensor(word_vectors)
        super().__init__(experiment)
        hyperparameters = {"experiment": asdict(experiment), "shape": list(shape)}
        self.save_hyperparameters(hyperparameters | {"word_vectors": list(word_vectors.shape)})
        config, dtype, size = (
            experiment.dual_tower,
            getattr(torch, experiment.trainer.dtype),
            experiment.dual_tower.embedding_dim,
        )
        drawing = hidden_layers(config.image_dims, config.image_layers)
        word = hidden_layers(config.word_dims)
        vector = tuple(word_vectors.shape[1:])
        self.word_vectors: torch.Tensor
        self.register_buffer("word_vectors", word_vectors.to(dtype))
        self.image_tower = network(
            plan_network(drawing, shape, size, "dual_tower.image_layers"), dtype, experiment.seed
        )
        self.word_tower = network(plan_network(word, vector, size, "word"), dtype, experiment.seed)
        self.word_tower.requires_grad_(config.train_word_tower)
        self.image_norm, self.word_norm = Normalize(), Normalize()
        self._train_word_tower = config.train_word_tower
        self._losses = _losses(config)
        self.note_layers()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Cosine similarities (B, C) of drawings and categories."""
        return self.features(images) @ self.words().T

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Embeddings of drawings (B, D), of length 1."""
        return self.image_norm(self.image_tower(images))

    def words(self) -> torch.Tensor:
        """Embeddings of the categories (C, D), of length 1; those of a frozen tower are made once a pass."""
        if self._train_word_tower:
            return self.embed_words(self.word_vectors)
        if self._frozen_words is None:
            self._frozen_words = self.embed_words(self.word_vectors)
        return self._frozen_words

    def embed_words(self, vectors: torch.Tensor) -> torch.Tensor:
        """Embeddings (C, D), of length 1, of word vectors (C, V), also of words that training never showed."""
        return self.word_norm(self.word_tower(vectors))

    def image_layers(self) -> torch.nn.Sequential:
        """The image tower."""
        return self.image_tower

    def reset_sums(self) -> None:
        """Begin a new pass through a split, for which other weights may have been loaded."""
        super().reset_sums()
        self._frozen_words = None

    def trained_parameters(self) -> list[torch.nn.Parameter]:
        """What is trained: the image tower, and the word tower unless it is frozen."""
        words = list(self.word_tower.parameters()) if self._train_word_tower else []
        return [*self.image_tower.parameters(), *words]


def _as_tensor(word_vectors: np.ndarray | torch.Tensor | Sequence[int] | None) -> torch.Tensor:
    """The vectors, or zeros of their shape."""
    if word_vectors is None:
        raise TypeError("a DualTower needs word_vectors, one for each category: see `word_vectors` of the data module.")
    if isinstance(word_vectors, np.ndarray | torch.Tensor):
        return torch.as_tensor(word_vectors)
    return torch.zeros(*word_vectors)


def _losses(config: Config) -> Losses:
    """Weight and loss of each term that is switched on."""
    terms: Losses = {
        "cosine": (config.cosine_weight, CosineLoss()),
        "margin": (config.margin_weight, MarginLoss(config.margin)),
        "contrast": (config.contrast_weight, CrossEntropyLoss(config.temperature, config.label_smoothing)),
    }
    return {name: (weight, loss) for name, (weight, loss) in terms.items() if weight > 0}
