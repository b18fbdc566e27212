"""The fixed positions of a transformer, the same for both tracks."""

from __future__ import annotations

import numpy as np


def sinusoids(longest: int, size: int) -> np.ndarray:
    """p (longest, size): p[t, 2 i] = sin(t w_i), p[t, 2 i + 1] = cos(t w_i), w_i = 10000^(-2 i / size)."""
    frequencies = 10_000.0 ** (-np.arange(0, size, 2) / size)
    angles = np.arange(longest)[:, None] * frequencies
    positions = np.empty((longest, size))
    positions[:, 0::2], positions[:, 1::2] = np.sin(angles), np.cos(angles[:, : size // 2])
    return positions
