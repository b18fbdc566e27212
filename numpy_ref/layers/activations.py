"""Activations: functions of each number by itself, so that dL/dx = grad · f'(x)."""

from __future__ import annotations

import numpy as np
from scipy.special import erf

from numpy_ref.module import Layer

__all__ = ["GELU", "LeakyReLU", "ReLU", "SiLU", "Sigmoid", "Tanh"]


class ReLU(Layer):
    """y = max(x, 0);  dL/dx = grad where x > 0, else 0 (as PyTorch: 0 at x = 0)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = max(x, 0)."""
        y = np.maximum(x, 0)
        self._gate = y > 0
        return y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = grad · [x > 0]."""
        return grad * self._gate


class LeakyReLU(Layer):
    """y = x where x > 0, else a x, with a = `negative_slope`;  dL/dx = grad where x > 0, else a grad."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x · (1 where x > 0, else a)."""
        self._gate = x > 0
        return np.where(self._gate, x, x * x.dtype.type(self.negative_slope))

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = grad · (1 where x > 0, else a)."""
        return np.where(self._gate, grad, grad * grad.dtype.type(self.negative_slope))


class Tanh(Layer):
    """y = tanh(x);  dL/dx = grad (1 - y²)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = tanh(x)."""
        self._y = np.tanh(x)
        return self._y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = grad (1 - y²)."""
        return grad * (1 - self._y * self._y)


class Sigmoid(Layer):
    """y = σ(x) = 1 / (1 + exp(-x));  dL/dx = grad y (1 - y)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = σ(x)."""
        self._y = sigmoid(x)
        return self._y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = grad y (1 - y)."""
        return grad * (self._y * (1 - self._y))


class GELU(Layer):
    """y = x Φ(x) with Φ(x) = (1 + erf(x / √2)) / 2;  dL/dx = grad (Φ(x) + x φ(x)) with φ(x) = exp(-x² / 2) / √(2π).

    Φ and φ are the standard normal distribution's function and density (Hendrycks and Gimpel 2016).
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x Φ(x)."""
        self._x, self._cdf = x, (1 + erf(x / 2**0.5)) / 2
        return x * self._cdf

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = grad (Φ(x) + x φ(x))."""
        density = np.exp(-self._x * self._x / 2) / (2 * np.pi) ** 0.5
        return grad * (self._cdf + self._x * density)


class SiLU(Layer):
    """y = x σ(x), also called swish;  dL/dx = grad σ(x) (1 + x (1 - σ(x))).

    σ is the sigmoid (Elfwing, Uchibe and Doya 2018).
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y = x σ(x)."""
        self._x, self._sigmoid = x, sigmoid(x)
        return x * self._sigmoid

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx = grad σ(x) (1 + x (1 - σ(x)))."""
        return grad * self._sigmoid * (1 + self._x * (1 - self._sigmoid))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), written as exp(x) / (1 + exp(x)) below 0, so that no exponential overflows."""
    exponential = np.exp(-np.abs(x))
    return np.where(x >= 0, x.dtype.type(1), exponential) / (1 + exponential)
