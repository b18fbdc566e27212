"""The models by the names that the config gives them. The twin of numpy_ref/models/__init__.py."""

from __future__ import annotations

import numpy as np

from experiment.config import Experiment
from experiment.network import Shape
from lightning_models.classifier import Classifier
from lightning_models.dual_tower import DualTower
from lightning_models.softmax import SoftmaxClassifier


def build_model(experiment: Experiment, shape: Shape, num_classes: int, word_vectors: np.ndarray | None) -> Classifier:
    """The model that `experiment.model` names, for images of `shape`; the dual tower needs `word_vectors` (C, D)."""
    if experiment.model == "softmax":
        return SoftmaxClassifier(experiment, shape, num_classes)
    assert word_vectors is not None
    return DualTower(experiment, shape, word_vectors)
