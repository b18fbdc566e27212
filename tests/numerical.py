"""Gradients without any framework: central differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def numerical_gradient(function: Callable[[], float], array: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """d function / d array at every coordinate, by (f(x + h) - f(x - h)) / 2h, changing `array` in place."""
    gradient = np.zeros(array.shape)
    for place in np.ndindex(*array.shape):
        before = array[place]
        array[place] = before + step
        above = function()
        array[place] = before - step
        below = function()
        array[place] = before
        gradient[place] = (above - below) / (2 * step)
    return gradient
