"""Task I, the softmax classifier. The twin of lightning_models/softmax.py: same names, same order."""

from __future__ import annotations

import numpy as np

from experiment.config import Experiment
from numpy_ref.losses import CrossEntropyLoss
from numpy_ref.models.classifier import Classifier, Losses
from numpy_ref.models.mlp import mlp

PIXELS = 28 * 28


class SoftmaxClassifier(Classifier):
    """784 → hidden layers with ReLU → C logits, trained by cross-entropy."""

    def __init__(self, experiment: Experiment, num_classes: int) -> None:
        super().__init__(experiment.optimizer)
        dims = [PIXELS, *experiment.softmax.hidden_dims, num_classes]
        self.layers = mlp(dims, np.dtype(experiment.trainer.dtype))
        self._losses: Losses = {"cross_entropy": (1.0, CrossEntropyLoss())}

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Logits (B, C)."""
        return self.layers.forward(images.reshape(len(images), -1))

    def loss_terms(self, scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """The cross-entropy."""
        return {"loss": self._losses["cross_entropy"][1].forward(scores, labels)}

    def backward(self) -> None:
        """Cross-entropy, then the layers from last to first."""
        self.layers.backward(self._losses["cross_entropy"][1].backward(), input_grad=False)
