"""Task III, a transformer on strokes. The twin of numpy_ref/sequence.py: same names, same order.

A drawing is a sequence of points (see datamodules/sequences.py). Each point becomes a vector, attention lets the points
look at each other, and the mean over all points is classified. Padding is left out of the attention and of the mean.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch

from datamodules.sequences import CHANNELS, POINTS, REAL
from experiment.architecture import Shape, plan_network
from experiment.settings import Source, model_experiment
from lightning_models.classifier import Classifier
from lightning_models.layers import MaskedMean, MultiheadAttention
from lightning_models.losses import CrossEntropyLoss
from lightning_models.network import network


class SequenceClassifier(Classifier):
    """Hidden layers over sequences of points (B, T, 6), then a Linear to one logit per category.

    Args:
        experiment: an `Experiment`, its YAML file, or nested dicts; None is the default experiment.
        shape: the most points of a sequence, and the numbers of each.
        num_classes: how many categories there are.
        settings: fields of the experiment's sections `sequence` and `optimizer`, and `seed`, `initializer`, `dtype`
            and `optimizer` (its name): `SequenceClassifier(depth=4, optimizer="adam", lr=0.001)`.
    """

    def __init__(
        self, experiment: Source = None, shape: Shape = (POINTS, CHANNELS), num_classes: int = 5, **settings: Any
    ) -> None:
        experiment = model_experiment(experiment, "sequence", settings)
        super().__init__(experiment)
        self.save_hyperparameters({"experiment": asdict(experiment), "shape": list(shape), "num_classes": num_classes})
        config, dtype = experiment.sequence, getattr(torch, experiment.trainer.dtype)
        plan = plan_network(config.hidden_layers, shape, num_classes, "sequence.layers")
        self.layers = network(plan, dtype, experiment.seed)
        self._losses = {"cross_entropy": (1.0, CrossEntropyLoss(label_smoothing=config.label_smoothing))}
        self._masked = [layer for layer in self.modules() if isinstance(layer, MultiheadAttention | MaskedMean)]
        self.note_layers()

    def note_batch(self, images: torch.Tensor) -> None:
        """Tell the layers which points of the sequences (B, T, 6) are padding."""
        padding = images[:, :, REAL] == 0
        for layer in self._masked:
            layer.note_padding(padding)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (B, categories) of sequences (B, T, 6)."""
        self.note_batch(images)
        return self.layers(images)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The input of the last Linear (B, D)."""
        self.note_batch(images)
        return self.layers[:-1](images)

    def attention(self, images: torch.Tensor) -> list[torch.Tensor]:
        """What each attention layer looks at: (B, H, T, T), how much each point (row) takes of each other."""
        found: list[torch.Tensor] = []
        layers = [layer for layer in self._masked if isinstance(layer, MultiheadAttention)]
        hooks = [
            layer.register_forward_pre_hook(lambda layer, inputs: found.append(layer.weights(inputs[0])))
            for layer in layers
        ]
        self(images)
        for hook in hooks:
            hook.remove()
        return found

    def looked_at(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """`attention` (B, H, T): how much all points of a drawing look at each one, in the last attention layer."""
        found = self.attention(images)
        if not found:
            return {}
        real = (images[:, :, REAL] != 0)[:, None, :, None]
        return {"attention": (found[-1] * real).sum(dim=2) / real.sum(dim=2)}

    def image_layers(self) -> torch.nn.Sequential:
        """The whole network."""
        return self.layers
