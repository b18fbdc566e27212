"""How much two arrays differ, and how much they may."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

AUTOGRAD_TARGET = {"float64": 1e-12, "float32": 1e-5}
"""Largest relative difference between the tracks' gradients, by dtype."""
LOCKSTEP_TARGET = {"float64": 1e-12, "float32": 1e-4}
"""The same for each step of an epoch: the worst of some hundred steps is worse than the first."""
NUMERICAL_TARGET = 1e-6
"""Largest relative difference between a gradient and central differences, in float64."""
WEIGHTS_TARGET = 1e-12
"""Largest difference of any weight after whole trainings, in float64."""
FLOOR = 0.1
"""Numbers below this share of an array's largest are measured against that share: what a sum of many large
numbers leaves behind has no correct digits of its own."""


@dataclass(frozen=True)
class Difference:
    """Three measures of the difference of two arrays."""

    absolute: float
    """max |a - b|"""
    relative: float
    """max |a - b| / max(ε, |a| + |b|), with ε = FLOOR · max(|a| + |b|), at least FLOOR · scale / 100"""
    cosine: float
    """a · b / (‖a‖ ‖b‖); 1 for two arrays of zeros"""


def difference(a: np.ndarray, b: np.ndarray, scale: float = 0.0) -> Difference:
    """Measure two arrays of one shape, in float64.

    Numbers far below `scale`, such as gradients that cancel to nothing among others of that size, are measured
    against a hundredth of it.
    """
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    apart, size = np.abs(a - b), np.abs(a) + np.abs(b)
    if not np.isfinite(apart).all():
        return Difference(np.inf, np.inf, 0.0)
    if not size.any():
        return Difference(0.0, 0.0, 1.0)
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    cosine = float(a @ b / norms) if norms else 0.0
    return Difference(
        float(apart.max()), float((apart / np.maximum(size, FLOOR * max(size.max(), 0.01 * scale))).max()), cosine
    )
