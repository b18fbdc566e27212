"""Stochastic gradient descent as `torch.optim.SGD` defines it.

With gradient g, weight decay d, momentum μ and learning rate η, each step is

    g ← g + d w
    v ← μ v + g                   (v starts at 0)
    w ← w - η v                   or, with Nesterov's look ahead,  w ← w - η (g + μ v)
"""

from __future__ import annotations

import numpy as np

from numpy_ref.module import Parameter
from numpy_ref.products import side_by_side

BLOCK = 131_072
"""Numbers updated at a time, so that the four arrays of a step stay in the processor's cache."""
LARGE = 400_000
"""From so many numbers on, two cores update half of them each."""


class SGD:
    """Updates `parameters` in place.

    Weights, gradients and velocities of all parameters are packed into one long array each, into which every
    `Parameter.data` and `.grad` then is a view: a step is a few operations on long arrays, whatever the network.
    """

    def __init__(
        self,
        parameters: list[Parameter],
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.lr, self.momentum, self.nesterov, self.weight_decay = lr, momentum, nesterov, weight_decay
        self._data, self._grad = _pack(parameters)
        self.velocity = np.zeros_like(self._data)

    def step(self) -> None:
        """One step down the gradients that `backward` left."""
        size = len(self._data)
        if size < LARGE:
            self._update(0, size)
        else:
            side_by_side(lambda: self._update(0, size // 2), lambda: self._update(size // 2, size))

    def _update(self, start: int, stop: int) -> None:
        change = np.empty(min(BLOCK, stop - start), self._data.dtype)
        for first in range(start, stop, BLOCK):
            block = slice(first, min(first + BLOCK, stop))
            self._step(self._data[block], self._grad[block], self.velocity[block], change[: block.stop - first])

    def _step(self, w: np.ndarray, g: np.ndarray, v: np.ndarray, change: np.ndarray) -> None:
        if self.weight_decay:
            g = g + self.weight_decay * w
        v *= self.momentum
        v += g
        np.multiply(g + self.momentum * v if self.nesterov else v, self.lr, out=change)
        w -= change


def _pack(parameters: list[Parameter]) -> tuple[np.ndarray, np.ndarray]:
    """Move all `data` and all `grad` into one array each; keep each parameter's order in memory."""
    size, dtype = sum(parameter.data.size for parameter in parameters), parameters[0].data.dtype
    data, grad = np.empty(size, dtype), np.zeros(size, dtype)
    start = 0
    for parameter in parameters:
        shape, end = parameter.data.T.shape, start + parameter.data.size
        data[start:end] = parameter.data.T.ravel()
        parameter.data, parameter.grad = data[start:end].reshape(shape).T, grad[start:end].reshape(shape).T
        start = end
    return data, grad
