"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

import numpy as np

from experiment.randomness import dropout_mask
from numpy_ref.module import Layer

__all__ = ["Dropout"]


class Dropout(Layer):
    """In training y = m x / (1 - p), where each m is 0 with probability p, else 1; in evaluation y = x.

    dL/dx = m grad / (1 - p). Dividing by 1 - p keeps the mean, so that evaluation needs no change.

    The masks are a function of (seed, number of the layer, epoch, batch_idx): both tracks draw the same.
    """

    def __init__(self, p: float, seed: int, number: int) -> None:
        self.p, self.seed, self.number = p, seed, number
        self.step = (0, 0)
        """(epoch, batch_idx), both from 0."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = m x / (1 - p) in training, else x."""
        self._mask = None
        if not self.training:
            return x
        mask = dropout_mask(self.seed, self.number, self.step, self.p, x.shape)
        self._mask = mask.astype(x.dtype) / x.dtype.type(1 - self.p)
        return x * self._mask

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = m grad / (1 - p)."""
        return grad if self._mask is None else grad * self._mask
