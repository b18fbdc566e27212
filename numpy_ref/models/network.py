"""A network from its plan. The twin of lightning_models/network.py: same names, same order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from experiment.network import LayerPlan
from numpy_ref import layers
from numpy_ref.module import Layer, Sequential

LEARNING = ("Linear", "Conv2d", "BatchNorm1d", "BatchNorm2d")
"""Layers with weights, which need to know their dtype."""


def network(plan: Iterable[LayerPlan], dtype: np.dtype, seed: int) -> Sequential:
    """The layers of `plan`, one after the other; `seed` is for the masks of Dropout."""
    made: list[Layer] = []
    for layer in plan:
        arguments: dict[str, Any] = dict(layer.arguments)
        if layer.name in LEARNING:
            arguments["dtype"] = dtype
        if layer.name == "Dropout":
            arguments |= {"seed": seed, "number": len(made)}
        made.append(getattr(layers, layer.name)(**arguments))
    return Sequential(*made)
