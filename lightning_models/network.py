"""A network from its plan. The twin of numpy_ref/network.py: same names, same order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.nn import Module, Sequential

from experiment.architecture import LayerPlan
from experiment.layer_specs import LAYERS
from lightning_models import layers

WITHIN = 1000
"""Numbers that are kept for the layers within one layer."""


def network(plan: Iterable[LayerPlan], dtype: torch.dtype, seed: int, first: int = 0) -> Sequential:
    """The layers of `plan`, one after the other, numbered from `first`; `seed` is for the masks of Dropout."""
    made: list[Module] = []
    for number, layer in enumerate(plan, start=first):
        spec, arguments = LAYERS[layer.name], dict[str, Any](layer.arguments)
        within = WITHIN * (number + 1)
        for place, name in enumerate(spec.lists):
            if name in arguments:
                arguments[name] = network(arguments[name], dtype, seed, within + place * WITHIN // 2)
        if spec.has_weights:
            arguments["dtype"] = dtype
        if spec.draws_masks:
            arguments |= {"seed": seed, "number": within if spec.has_weights else number}
        made.append(getattr(layers, layer.name)(**arguments))
    return Sequential(*made)
