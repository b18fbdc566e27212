"""A network from its plan. The twin of numpy_ref/network.py: same names, same order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.nn import Module, Sequential

from experiment.architecture import LayerPlan
from experiment.layer_specs import LAYERS
from lightning_models import layers


def network(plan: Iterable[LayerPlan], dtype: torch.dtype, seed: int) -> Sequential:
    """The layers of `plan`, one after the other; `seed` is for the masks of Dropout."""
    made: list[Module] = []
    for layer in plan:
        spec, arguments = LAYERS[layer.name], dict[str, Any](layer.arguments)
        if spec.has_weights:
            arguments["dtype"] = dtype
        if spec.draws_masks:
            arguments |= {"seed": seed, "number": len(made)}
        made.append(getattr(layers, layer.name)(**arguments))
    return Sequential(*made)
