"""A multilayer perceptron: Linear layers with a ReLU between each two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from numpy_ref.layers import Linear, ReLU
from numpy_ref.module import Layer, Sequential


def mlp(dims: Sequence[int], dtype: np.dtype) -> Sequential:
    """The network with widths `dims`, from the input to the output; no ReLU after the last layer."""
    layers: list[Layer] = []
    for in_features, out_features in pairwise(dims):
        layers += [Linear(in_features, out_features, dtype), ReLU()]
    return Sequential(*layers[:-1])
