"""A network from its plan. The twin of numpy_ref/models/network.py: same names, same order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.nn import Module, Sequential

from experiment.network import LayerPlan
from lightning_models import layers

LEARNING = ("Linear", "Conv2d", "BatchNorm1d", "BatchNorm2d")
"""Layers with weights, which need to know their dtype."""


def network(plan: Iterable[LayerPlan], dtype: torch.dtype, seed: int) -> Sequential:
    """The layers of `plan`, one after the other; `seed` is for the masks of Dropout."""
    made: list[Module] = []
    for layer in plan:
        arguments: dict[str, Any] = dict(layer.arguments)
        if layer.name in LEARNING:
            arguments["dtype"] = dtype
        if layer.name == "Dropout":
            arguments |= {"seed": seed, "number": len(made)}
        made.append(getattr(layers, layer.name)(**arguments))
    return Sequential(*made)
