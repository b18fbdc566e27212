"""The Lightning models. The twin of numpy_ref/registry.py; the entries are in `experiment/registry.py`."""

from __future__ import annotations

import numpy as np

from experiment.config import Experiment
from experiment.layer_specs import Shape
from experiment.registry import MODELS
from lightning_models.classifier import Classifier


def build_model(experiment: Experiment, shape: Shape, num_classes: int, word_vectors: np.ndarray | None) -> Classifier:
    """The model that `experiment.model` names, for images of `shape`.

    It has `num_classes` outputs, or where it needs words compares images with `word_vectors` (C, D).
    """
    entry = MODELS[experiment.model]
    model: Classifier = entry.load_class("lightning_models")(
        experiment, shape, word_vectors if entry.needs_words else num_classes
    )
    return model
