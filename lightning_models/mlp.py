"""A multilayer perceptron: Linear layers with a ReLU between each two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch.nn import Linear, Module, ReLU, Sequential


def mlp(dims: Sequence[int], dtype: torch.dtype) -> Sequential:
    """The network with widths `dims`, from the input to the output; no ReLU after the last layer."""
    layers: list[Module] = []
    for in_features, out_features in pairwise(dims):
        layers += [Linear(in_features, out_features, dtype=dtype), ReLU()]
    return Sequential(*layers[:-1])
