"""The weights from which both tracks start: made here once, by NumPy, and loaded in both.

Kaiming initialisation for ReLU networks (He et al. 2015, "Delving Deep into Rectifiers", equation 10): weights
are normal with mean 0 and standard deviation sqrt(2 / fan_in), so that activations keep their size from layer to
layer; biases are 0. It is `torch.nn.init.kaiming_normal_(nonlinearity="relu")`, drawn from our own stream.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from experiment.randomness import generator


def initial_weights(shapes: Iterable[tuple[str, tuple[int, ...]]], seed: int, dtype: np.dtype) -> dict[str, np.ndarray]:
    """Arrays for the named parameters, in their order.

    They are drawn in float64 and rounded to `dtype`, so float32 and float64 runs start alike.
    """
    weights = {}
    for number, (name, shape) in enumerate(shapes):
        random = generator(seed, "weights", number)
        weights[name] = (kaiming_normal(shape, random) if len(shape) > 1 else np.zeros(shape)).astype(dtype)
    return weights


def kaiming_normal(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """N(0, 2 / fan_in), float64, for a weight (out, in, ...): fan_in is the number of inputs of one output."""
    return random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
