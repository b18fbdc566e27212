"""Layers that only change the shape."""

from __future__ import annotations

import numpy as np

from numpy_ref.module import Layer

__all__ = ["Flatten"]


class Flatten(Layer):
    """y = x with all but the batch in one axis: (B, C, H, W) becomes (B, C H W). dL/dx = grad in x's shape."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x as (B, features)."""
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """grad as (B, ...)."""
        return grad.reshape(self._shape)
