"""How people store what a layer takes: kernels and weights in other orders of axes, biases as rows, images NHWC."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

ORDERS: dict[int, list[tuple[int, ...]]] = {
    1: [()],
    2: [(), (1, 0)],
    3: [()],
    4: [(), (2, 3, 1, 0), (1, 2, 3, 0)],
}
"""The orders of a weight's axes against torch's, by their number; () is torch's own."""
BIASES = [(-1,), (1, -1), (1, 1, 1, -1), (-1, 1)]


@dataclass(frozen=True)
class Layout:
    """One way to store them."""

    weight: tuple[int, ...] = ()
    bias: tuple[int, ...] = (-1,)
    channels_last: bool = False

    def images(self, x: np.ndarray) -> np.ndarray:
        """x (B, C, H, W), or any other array, as the layer takes it."""
        return x.transpose(0, 2, 3, 1).copy() if self.channels_last and x.ndim == 4 else x

    def back(self, x: np.ndarray) -> np.ndarray:
        """An array of the layer as torch has it."""
        return x.transpose(0, 3, 1, 2) if self.channels_last and x.ndim == 4 else x


def layouts(mine: Any, module: Any, x: np.ndarray, turn_square: bool) -> Iterator[Layout]:
    """All that are possible, torch's first; functions are handed the arrays, objects have their own."""
    params = dict(module.named_parameters(recurse=False)) if isinstance(mine, tuple) else {}
    weights = ORDERS[params["weight"].ndim] if "weight" in params else [()]
    for last in [False, True] if x.ndim == 4 else [False]:
        for weight, bias in itertools.product(weights[:: -1 if turn_square else 1], BIASES if params else BIASES[:1]):
            yield Layout(weight, bias, last)
