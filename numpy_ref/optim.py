"""Stochastic gradient descent as `torch.optim.SGD` defines it.

With gradient g, weight decay d, momentum μ and learning rate η, each step is

    g ← g + d w
    v ← μ v + g                   (v starts at 0)
    w ← w - η v                   or, with Nesterov's look ahead,  w ← w - η (g + μ v)
"""

from __future__ import annotations

import numpy as np

from numpy_ref.module import Parameter

BLOCK = 131_072
"""Numbers updated at a time, so that the four arrays of a step stay in the processor's cache."""


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
        self._change = np.empty(min(BLOCK, len(self._data)), self._data.dtype)

    def step(self) -> None:
        """One step down the gradients that `backward` left."""
        for start in range(0, len(self._data), BLOCK):
            block = slice(start, start + BLOCK)
            self._step(self._data[block], self._grad[block], self.velocity[block])

    def _step(self, w: np.ndarray, g: np.ndarray, v: np.ndarray) -> None:
        if self.weight_decay:
            g = g + self.weight_decay * w
        v *= self.momentum
        v += g
        change = self._change[: len(w)]
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
