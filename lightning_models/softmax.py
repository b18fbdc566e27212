"""Task I, the softmax classifier. The twin of numpy_ref/softmax.py: same names, same order."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch

from experiment.architecture import Shape, hidden_layers, plan_network
from experiment.settings import Source, model_experiment
from lightning_models.classifier import Classifier
from lightning_models.losses import BinaryCrossEntropyLoss, CrossEntropyLoss
from lightning_models.network import network


class SoftmaxClassifier(Classifier):
    """Hidden layers, then a Linear to one logit per category, trained by cross-entropy.

    Args:
        experiment: an `Experiment`, its YAML file, or nested dicts; None is the default experiment.
        shape: channels, height and width of the images.
        num_classes: how many categories there are.
        settings: fields of the experiment's sections `softmax` and `optimizer`, and `seed`, `initializer`, `dtype`
            and `optimizer` (its name): `SoftmaxClassifier(hidden_dims=[64], optimizer="adam", lr=0.001)`.
    """

    def __init__(
        self, experiment: Source = None, shape: Shape = (1, 28, 28), num_classes: int = 5, **settings: Any
    ) -> None:
        experiment = model_experiment(experiment, "softmax", settings)
        super().__init__(experiment)
        self.save_hyperparameters({"experiment": asdict(experiment), "shape": list(shape), "num_classes": num_classes})
        config, dtype = experiment.softmax, getattr(torch, experiment.trainer.dtype)
        hidden = hidden_layers(config.hidden_dims, config.layers)
        self.layers = network(plan_network(hidden, shape, num_classes, "softmax.layers"), dtype, experiment.seed)
        if config.loss == "cross_entropy":
            self._losses = {"cross_entropy": (1.0, CrossEntropyLoss(label_smoothing=config.label_smoothing))}
        else:
            self._losses = {"binary_cross_entropy": (1.0, BinaryCrossEntropyLoss())}
        self.note_layers()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (B, categories)."""
        return self.layers(images)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The input of the last Linear (B, D)."""
        return self.layers[:-1](images)

    def image_layers(self) -> torch.nn.Sequential:
        """The whole network."""
        return self.layers

    def probabilities(self, scores: torch.Tensor) -> torch.Tensor:
        """Softmax of the logits; for binary cross-entropy the sigmoid of each, which need not add up to 1."""
        return super().probabilities(scores) if "cross_entropy" in self._losses else scores.sigmoid()
