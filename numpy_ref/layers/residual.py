"""Residual connections (He et al. 2016, "Deep Residual Learning for Image Recognition")."""

from __future__ import annotations

import numpy as np

from numpy_ref.module import Layer, Sequential

__all__ = ["Residual"]


class Residual(Layer):
    """y = x + f(x), f being `layers`; where f changes the shape y = g(x) + f(x), g being `shortcut`.

    A sum hands its gradient to both terms: dL/dx = grad + f'(grad), or g'(grad) + f'(grad), where f' and g' stand for
    the `backward` of f and g.
    """

    def __init__(self, layers: Sequential, shortcut: Sequential | None = None) -> None:
        self.layers, self.shortcut = layers, shortcut

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x + f(x)."""
        y = self.layers.forward(x)
        return y + (self.shortcut.forward(x) if self.shortcut else x)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = grad + f'(grad)."""
        through = self.layers.backward(grad)
        return through + (self.shortcut.backward(grad) if self.shortcut else grad)
