"""Layers whose constructor takes their arrays, as in Affine(W, b) or Convolution(W, b, stride, pad)."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from parity.check.hand_written import FORWARD, find_method, make
from parity.check.inside.names import required
from parity.check.layouts import ORDERS
from parity.check.settings import settings_of

WEIGHT = re.compile(r"^_*(w\d*|weights?|gamma|kernels?|filters?|theta)_?$", re.I)
BIAS = re.compile(r"^_*(b\d*|bias(es)?|beta)_?$", re.I)


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
    for order in reversed(ORDERS[params["weight"].ndim]):
        weight = params["weight"].transpose(order) if order else params["weight"]
        values = {word: weight.copy() for word in words if WEIGHT.match(word)}
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
