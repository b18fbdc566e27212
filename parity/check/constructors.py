"""Layers whose constructor takes their arrays, as in Affine(W, b) or Convolution(W, b, stride, pad)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from parity.check.hand_written import FORWARD, find_method, make, settings_of
from parity.check.inside.names import required

WEIGHT = re.compile(r"^_*(w\d*|weights?|gamma|kernels?|filters?|theta)_?$", re.I)
BIAS = re.compile(r"^_*(b\d*|bias(es)?|beta)_?$", re.I)
ORDERS: dict[int, list[tuple[int, ...]]] = {
    1: [(0,)],
    2: [(1, 0), (0, 1)],
    3: [(0, 1, 2)],
    4: [(0, 1, 2, 3), (2, 3, 1, 0), (1, 2, 3, 0)],
}
"""The orders of axes in which people store weights, against torch's."""


def arrays_for(mine: Any, module: Any, x: np.ndarray) -> dict[str, np.ndarray]:
    """Values for the constructor's parameters that stand for weight and bias; empty where it has none.

    Of the orders of axes, the first with which `forward` takes x (B, ...) and gives what the torch module gives.
    """
    params = {name: p.detach().numpy() for name, p in module.named_parameters(recurse=False)}
    if not isinstance(mine, type) or "weight" not in params:
        return {}
    known = settings_of(module)
    words = [word for word in required(mine) if word not in known or word == "beta"]  # no momentum beside gamma
    shape = tuple(module(module.weight.new_tensor(x)).shape)
    found: list[dict[str, np.ndarray]] = []
    for order in ORDERS[params["weight"].ndim]:
        values = {word: params["weight"].transpose(order).copy() for word in words if WEIGHT.match(word)}
        values |= {word: params["bias"].copy() for word in words if BIAS.match(word) and "bias" in params}
        if not values:
            return {}
        found.append(values)
        try:
            with np.errstate(all="ignore"):
                y = find_method(make(mine, {**known, **values}), FORWARD)(x.copy())
        except Exception:  # another order of axes
            continue
        if np.shape(y) == shape:
            return values
    return found[0]
