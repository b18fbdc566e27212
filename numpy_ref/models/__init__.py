"""The models by the names that the config gives them. The twin of lightning_models/__init__.py."""

from __future__ import annotations

import numpy as np

from experiment.config import Experiment
from experiment.network import Shape
from numpy_ref.models.classifier import Classifier
from numpy_ref.models.dual_tower import DualTower
from numpy_ref.models.softmax import SoftmaxClassifier


def build_model(experiment: Experiment, shape: Shape, num_classes: int, word_vectors: np.ndarray | None) -> Classifier:
    """The model that `experiment.model` names, for images of `shape`; the dual tower needs `word_vectors` (C, D)."""
    if experiment.model == "softmax":
        return SoftmaxClassifier(experiment, shape, num_classes)
    assert word_vectors is not None
    return DualTower(experiment, shape, word_vectors)
