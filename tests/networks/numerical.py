"""Gradients without any framework: central differences; and how near to a framework's others must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def numerical_gradient(function: Callable[[], float], array: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """d function / d array at every coordinate, by (f(x + h) - f(x - h)) / 2h, changing `array` in place."""
    gradient = np.zeros(array.shape)
    for index in np.ndindex(*array.shape):
        before = array[index]
        array[index] = before + step
        above = function()
        array[index] = before - step
        below = function()
        array[index] = before
        gradient[index] = (above - below) / (2 * step)
    return gradient


TOLERANCE: dict[str, Any] = {"float32": {"rtol": 2e-5, "atol": 2e-6}, "float64": {"rtol": 1e-12, "atol": 1e-14}}
"""How far one operation in NumPy may be from PyTorch's, by dtype, as `np.testing.assert_allclose` takes it."""
DTYPES = list(TOLERANCE)
