"""A network from its plan. The twin of lightning_models/network.py: same names, same order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from experiment.architecture import LayerPlan
from experiment.layer_specs import LAYERS
from numpy_ref import layers
from numpy_ref.module import Layer, Sequential


def network(plan: Iterable[LayerPlan], dtype: np.dtype, seed: int) -> Sequential:
    """The layers of `plan`, one after the other; `seed` is for the masks of Dropout."""
    made: list[Layer] = []
    for layer in plan:
        spec, arguments = LAYERS[layer.name], dict[str, Any](layer.arguments)
        if spec.has_weights:
            arguments["dtype"] = dtype
        if spec.draws_masks:
            arguments |= {"seed": seed, "number": len(made)}
        made.append(getattr(layers, layer.name)(**arguments))
    return Sequential(*made)
