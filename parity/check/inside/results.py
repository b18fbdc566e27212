"""The parts of what a submission's function returned."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from parity.check.inside.arrays import Found


def same_memory(found: list[Found]) -> bool:
    """Whether two names that a forward pass keeps, z and a say, are one array."""
    arrays = [f for f in found if isinstance(f.value, np.ndarray) and f.value.ndim == 2 and f.value.size > 1]
    pairs = [(a, b) for a, b in itertools.combinations(arrays, 2) if a.name != b.name]
    return any(a.value.shape == b.value.shape and np.shares_memory(a.value, b.value) for a, b in pairs)


def direct(found: list[Found]) -> list[Found]:
    """What was returned itself, not what lies inside it."""
    return [f for f in found if len(f.path) <= 1]


def rest(result: Any) -> Any:
    """What a forward function returned beside its output: the cache."""
    if isinstance(result, tuple) and len(result) == 2:
        return result[1] if isinstance(result[0], np.ndarray) else result[0]
    if isinstance(result, tuple) and len(result) > 2:
        return result if all(isinstance(r, np.ndarray) for r in result) else result[-1]
    return result


def gradient_container(result: Any) -> Any:
    """What a backward function returned without a loss before it."""
    if isinstance(result, tuple) and len(result) == 2 and scalar(result[:1]) is not None:
        return result[1]
    return result


def scalar(result: Any) -> float | None:
    """The first single number of a result."""
    values = result if isinstance(result, tuple | list) else (result,)
    for value in values:
        if isinstance(value, float | np.floating) or (
            isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind == "f"
        ):
            return float(np.asarray(value).reshape(()))
    return None
