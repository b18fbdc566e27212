"""The table of layers for the tests: a row for each layer, or for each use of it that is computed in another way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from experiment.architecture import LayerPlan, plan_layers
from experiment.layer_specs import LAYERS, Shape

FLAT, IMAGE, POINTS = (5,), (3, 7, 6), (7, 6)
MANY_CHANNELS = (9, 7, 6)
"""More than numpy_ref/layers/im2col.py lays in memory one after the other."""


@dataclass(frozen=True)
class Case:
    """A layer's name, an input's shape without the batch, and the arguments as a config gives them."""

    name: str
    shape: Shape
    arguments: dict[str, Any] = field(default_factory=dict)
    evaluation: bool = False

    @property
    def plan(self) -> LayerPlan:
        """What `network` makes the layer from."""
        return plan_layers([{self.name: self.arguments}], self.shape, "layer ")[-1]

    @property
    def smallest_batch(self) -> int:
        """With fewer rows it refuses to train."""
        one_row = all(size == 1 for size in self.shape[1:])
        return 2 if LAYERS[self.name].over_batch and one_row and not self.evaluation else 1

    def __str__(self) -> str:
        settings = [f"{name}={value}" for name, value in self.arguments.items()]
        return f"{self.name}({', '.join(settings)})" + " in evaluation" * self.evaluation


CONVOLVED: dict[str, Any] = {"Conv2d": {"out_channels": 3, "kernel_size": 3, "padding": 1}}
HALVED: dict[str, Any] = {"Conv2d": {"out_channels": 4, "kernel_size": 3, "padding": 1, "stride": 2}}

CASES = [
    Case("Linear", FLAT, {"out_features": 3}),
    Case("Linear", FLAT, {"out_features": 1}),
    Case("Linear", FLAT, {"out_features": 3, "bias": False}),
    Case("Conv2d", IMAGE, {"out_channels": 4, "kernel_size": 1}),
    Case("Conv2d", IMAGE, {"out_channels": 4, "kernel_size": 3, "padding": 1}),
    Case("Conv2d", IMAGE, {"out_channels": 4, "kernel_size": 3, "padding": 1, "bias": False}),
    Case("Conv2d", IMAGE, {"out_channels": 4, "kernel_size": 3, "stride": 2}),
    Case("Conv2d", IMAGE, {"out_channels": 4, "kernel_size": 2, "stride": 3, "padding": 2}),
    Case("Conv2d", IMAGE, {"out_channels": 4, "kernel_size": 5, "stride": 2, "padding": 3}),
    Case("Conv2d", IMAGE, {"out_channels": 4, "kernel_size": 3, "padding": 4}),
    Case("Conv2d", IMAGE, {"out_channels": 9, "kernel_size": 3, "padding": 1}),
    Case("Conv2d", MANY_CHANNELS, {"out_channels": 4, "kernel_size": 3, "stride": 2}),
    Case("Conv2d", MANY_CHANNELS, {"out_channels": 10, "kernel_size": 2, "stride": 3, "padding": 2}),
    Case("MaxPool2d", IMAGE, {"kernel_size": 2}),
    Case("MaxPool2d", MANY_CHANNELS, {"kernel_size": 2, "padding": 1}),
    Case("MaxPool2d", MANY_CHANNELS, {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("MaxPool2d", IMAGE, {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("AvgPool2d", IMAGE, {"kernel_size": 2}),
    Case("AvgPool2d", IMAGE, {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("AvgPool2d", MANY_CHANNELS, {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("AdaptiveAvgPool2d", MANY_CHANNELS, {"output_size": 1}),
    Case("AdaptiveAvgPool2d", IMAGE, {"output_size": 1}),
    Case("Flatten", IMAGE),
    Case("BatchNorm1d", FLAT),
    Case("BatchNorm1d", FLAT, {"momentum": 0.3, "eps": 1e-3}),
    Case("BatchNorm1d", FLAT, evaluation=True),
    Case("BatchNorm2d", IMAGE),
    Case("BatchNorm2d", IMAGE, {"momentum": 0.3, "eps": 1e-3}),
    Case("BatchNorm2d", IMAGE, evaluation=True),
    Case("BatchNorm2d", (3, 1, 1)),
    Case("BatchNorm2d", MANY_CHANNELS),
    Case("BatchNorm2d", MANY_CHANNELS, evaluation=True),
    Case("LayerNorm", FLAT),
    Case("LayerNorm", FLAT, {"eps": 1e-3}),
    Case("Dropout", FLAT, {"p": 0.3}),
    Case("Dropout", IMAGE, {"p": 0.3}),
    Case("Dropout", FLAT, {"p": 0.3}, evaluation=True),
    Case("Normalize", FLAT),
    Case("ReLU", FLAT),
    Case("ReLU", IMAGE),
    Case("LeakyReLU", FLAT, {"negative_slope": 0.2}),
    Case("Tanh", FLAT),
    Case("Sigmoid", FLAT),
    Case("GELU", FLAT),
    Case("SiLU", FLAT),
    Case("Linear", POINTS, {"out_features": 3}),
    Case("LayerNorm", POINTS),
    Case("Dropout", POINTS, {"p": 0.3}),
    Case("GELU", POINTS),
    Case("MultiheadAttention", POINTS, {"num_heads": 1}),
    Case("MultiheadAttention", POINTS, {"num_heads": 3}),
    Case("MultiheadAttention", (1, 6), {"num_heads": 2}),
    Case("TransformerEncoderLayer", POINTS, {"nhead": 2, "dim_feedforward": 5, "activation": "gelu"}),
    Case("TransformerEncoderLayer", POINTS, {"nhead": 3, "dim_feedforward": 5, "dropout": 0.0}),
    Case("TransformerEncoderLayer", POINTS, {"nhead": 2, "dim_feedforward": 5}, evaluation=True),
    Case("LearntPositions", POINTS),
    Case("SinusoidalPositions", POINTS),
    Case("MaskedMean", POINTS),
    Case("Residual", (6,), {"layers": [{"Linear": 6}, "GELU"]}),
    Case("Residual", IMAGE, {"layers": [CONVOLVED, "BatchNorm2d", "ReLU", CONVOLVED, "BatchNorm2d"]}),
    Case("Residual", IMAGE, {"layers": [HALVED, "BatchNorm2d", "ReLU"], "shortcut": [HALVED]}),
    Case("Residual", POINTS, {"layers": ["LayerNorm", {"MultiheadAttention": 2}, {"Dropout": 0.2}]}),
]
