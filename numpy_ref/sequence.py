"""Task III, a transformer on strokes. The twin of lightning_models/sequence.py: same names, same order.

A drawing is a sequence of points (see datamodules/sequences.py). Each point becomes a vector, attention lets the points
look at each other, and the mean over all points is classified. Padding is left out of the attention and of the mean.
"""

from __future__ import annotations

import numpy as np

from datamodules.sequences import REAL
from experiment.architecture import Shape, plan_network
from experiment.config import Experiment
from numpy_ref.classifier import Classifier
from numpy_ref.layers import MaskedMean, MultiheadAttention
from numpy_ref.losses import CrossEntropyLoss
from numpy_ref.module import Sequential
from numpy_ref.network import network


class SequenceClassifier(Classifier):
    """Hidden layers over sequences of points (B, T, 6), then a Linear to one logit per category."""

    def __init__(self, experiment: Experiment, shape: Shape, num_classes: int) -> None:
        super().__init__(experiment)
        config, dtype = experiment.sequence, np.dtype(experiment.trainer.dtype)
        plan = plan_network(config.hidden_layers, shape, num_classes, "sequence.layers")
        self.layers = network(plan, dtype, experiment.seed)
        self._losses = {"cross_entropy": (1.0, CrossEntropyLoss(label_smoothing=config.label_smoothing))}
        kinds = MultiheadAttention, MaskedMean
        self._masked = [layer for _, layer in self.named_layers() if isinstance(layer, kinds)]
        self.note_layers()

    def note_batch(self, images: np.ndarray) -> None:
        """Tell the layers which points of the sequences (B, T, 6) are padding."""
        padding = images[:, :, REAL] == 0
        for layer in self._masked:
            layer.note_padding(padding)

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Logits (B, categories) of sequences (B, T, 6)."""
        self.note_batch(images)
        return self.layers.forward(images)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """The layers from last to first; dL/dimages (B, T, 6)."""
        return self.layers.backward(grad)

    def backward_parameters(self, grad: np.ndarray) -> None:
        """The layers from last to first."""
        self.layers.backward_parameters(grad)

    def features(self, images: np.ndarray) -> np.ndarray:
        """The input of the last Linear (B, D)."""
        self.note_batch(images)
        return Sequential(*self.layers.layers[:-1]).forward(images)

    def attention(self, images: np.ndarray) -> list[np.ndarray]:
        """What each attention layer looks at: (B, H, T, T), how much each point (row) takes of each other."""
        self.forward(images)
        return [layer._weights for layer in self._masked if isinstance(layer, MultiheadAttention)]

    def looked_at(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """`attention` (B, H, T): how much all points of a drawing look at each one, in the last attention layer."""
        found = self.attention(images)
        if not found:
            return {}
        real = (images[:, :, REAL] != 0)[:, None, :, None]
        return {"attention": (found[-1] * real).sum(axis=2) / real.sum(axis=2)}

    def image_layers(self) -> Sequential:
        """The whole network."""
        return self.layers
