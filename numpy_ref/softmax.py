"""Task I, the softmax classifier. The twin of lightning_models/softmax.py: same names, same order."""

from __future__ import annotations

import numpy as np

from experiment.architecture import Shape, hidden_layers, plan_network
from experiment.config import Experiment
from numpy_ref.classifier import Classifier
from numpy_ref.layers.activations import sigmoid
from numpy_ref.losses import BinaryCrossEntropyLoss, CrossEntropyLoss
from numpy_ref.module import Sequential
from numpy_ref.network import network


class SoftmaxClassifier(Classifier):
    """Hidden layers, then a Linear to one logit per category, trained by cross-entropy."""

    def __init__(self, experiment: Experiment, shape: Shape, num_classes: int) -> None:
        super().__init__(experiment)
        config, dtype = experiment.softmax, np.dtype(experiment.trainer.dtype)
        hidden = hidden_layers(config.hidden_dims, config.layers)
        self.layers = network(plan_network(hidden, shape, num_classes, "softmax.layers"), dtype, experiment.seed)
        if config.loss == "cross_entropy":
            self._losses = {"cross_entropy": (1.0, CrossEntropyLoss(label_smoothing=config.label_smoothing))}
        else:
            self._losses = {"binary_cross_entropy": (1.0, BinaryCrossEntropyLoss())}
        self.note_layers()

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Logits (B, categories)."""
        return self.layers.forward(images)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """The layers from last to first; dL/dimages."""
        return self.layers.backward(grad)

    def backward_parameters(self, grad: np.ndarray) -> None:
        """The layers from last to first."""
        self.layers.backward_parameters(grad)

    def features(self, images: np.ndarray) -> np.ndarray:
        """The input of the last Linear (B, D)."""
        return Sequential(*self.layers.layers[:-1]).forward(images)

    def image_layers(self) -> Sequential:
        """The whole network."""
        return self.layers

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Softmax of the logits; for binary cross-entropy the sigmoid of each, which need not add up to 1."""
        return super().probabilities(scores) if "cross_entropy" in self._losses else sigmoid(scores)
