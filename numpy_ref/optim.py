"""Optimisers as `torch.optim` defines them, on all parameters at once."""

from __future__ import annotations

import numpy as np

from experiment.config import Optimizer as Config
from numpy_ref.module import Parameter
from numpy_ref.products import side_by_side
from numpy_ref.schedules import Schedule

BLOCK = 131_072
"""Numbers updated at a time, so that the arrays of a step stay in the processor's cache."""
LARGE = 400_000
"""From so many numbers on, two cores update half of them each."""


class Optimizer:
    """Updates `parameters` in place, once per `step`.

    Weights, gradients and whatever else an optimiser keeps of each are packed into one long array per kind, into
    which every `Parameter.data` and `.grad` then is a view: a step is a few operations on long arrays, whatever the
    network.
    """

    KEPT: tuple[str, ...] = ()
    """Names of the arrays that are kept from step to step, one number for each weight; PyTorch's names."""

    def __init__(self, parameters: list[Parameter], schedule: Schedule) -> None:
        self.schedule, self.steps, self.lr = schedule, 0, schedule(0)
        self._data, self._grad = _pack(parameters)
        self.kept = {name: np.zeros_like(self._data) for name in self.KEPT}

    def step(self) -> None:
        """One step down the gradients that `backward` left."""
        self.lr = self.schedule(self.steps)
        self.steps += 1
        size = len(self._data)
        if size < LARGE:
            self._update(0, size)
        else:
            side_by_side(lambda: self._update(0, size // 2), lambda: self._update(size // 2, size))

    def state_dict(self) -> dict[str, np.ndarray]:
        """What a resumed training needs: the number of steps, and the arrays that are kept."""
        return {"steps": np.array(self.steps)} | self.kept

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Take that over; a missing or misshapen array is a KeyError or ValueError."""
        self.steps = int(state["steps"])
        for name, array in self.kept.items():
            if array.shape != state[name].shape:
                raise ValueError(f"expected the shape {array.shape} of {name}, not {state[name].shape}")
            array[...] = state[name]

    def _update(self, start: int, stop: int) -> None:
        change = np.empty(min(BLOCK, stop - start), self._data.dtype)
        for first in range(start, stop, BLOCK):
            block = slice(first, min(first + BLOCK, stop))
            kept = [array[block] for array in self.kept.values()]
            w = self._data[block]
            w -= self._change(w, self._grad[block], kept, change[: len(w)])

    def _change(self, w: np.ndarray, g: np.ndarray, kept: list[np.ndarray], out: np.ndarray) -> np.ndarray:
        """By how much the weights w with gradients g get smaller, written to `out`; moves the kept arrays on."""
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent. With gradient g, weight decay d, momentum μ and learning rate η:

    g ← g + d w
    v ← μ v + g                   (v starts at 0)
    w ← w - η v                   or, with Nesterov's look ahead,  w ← w - η (g + μ v)
    """

    KEPT = ("momentum_buffer",)

    def __init__(
        self,
        parameters: list[Parameter],
        schedule: Schedule,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, schedule)
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay

    def _change(self, w: np.ndarray, g: np.ndarray, kept: list[np.ndarray], out: np.ndarray) -> np.ndarray:
        """η v, or with Nesterov's look ahead η (g + μ v)."""
        (v,) = kept
        if self.weight_decay:
            g = g + self.weight_decay * w
        v *= self.momentum
        v += g
        return np.multiply(g + self.momentum * v if self.nesterov else v, self.lr, out=out)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1), and AdamW with `decoupled` (Loshchilov and Hutter 2019, algorithm 2).

    With gradient g, weight decay d, learning rate η, at step t (from 1):

    g ← g + d w                   or, decoupled,  w ← w - η d w
    m ← β₁ m + (1 - β₁) g         (m and v start at 0)
    v ← β₂ v + (1 - β₂) g²
    w ← w - η / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)
    """

    KEPT = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        parameters: list[Parameter],
        schedule: Schedule,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled: bool = False,
    ) -> None:
        super().__init__(parameters, schedule)
        self.betas, self.eps, self.weight_decay, self.decoupled = betas, eps, weight_decay, decoupled

    def _change(self, w: np.ndarray, g: np.ndarray, kept: list[np.ndarray], out: np.ndarray) -> np.ndarray:
        """η / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)."""
        m, v = kept
        beta1, beta2 = self.betas
        if self.weight_decay and self.decoupled:
            w *= 1 - self.lr * self.weight_decay
        elif self.weight_decay:
            g = g + self.weight_decay * w
        m *= beta1
        m += np.multiply(g, 1 - beta1, out=out)
        v *= beta2
        v += np.multiply(np.multiply(g, g, out=out), 1 - beta2, out=out)
        np.sqrt(v, out=out)
        out /= (1 - beta2**self.steps) ** 0.5
        out += self.eps
        np.divide(m, out, out=out)
        out *= self.lr / (1 - beta1**self.steps)
        return out


def make_optimizer(config: Config, parameters: list[Parameter], schedule: Schedule) -> Optimizer:
    """The optimiser that `optimizer.name` names."""
    if config.name == "sgd":
        return SGD(parameters, schedule, config.momentum, config.nesterov, config.weight_decay)
    betas = config.beta1, config.beta2
    return Adam(parameters, schedule, betas, config.eps, config.weight_decay, decoupled=config.name == "adamw")


def _pack(parameters: list[Parameter]) -> tuple[np.ndarray, np.ndarray]:
    """Move all `data` and all `grad` into one array each; keep the order that each parameter has in memory."""
    size, dtype = sum(parameter.data.size for parameter in parameters), parameters[0].data.dtype
    data, grad = np.empty(size, dtype), np.zeros(size, dtype)
    start = 0
    for parameter in parameters:
        axes = np.argsort([-stride for stride in parameter.data.strides], kind="stable")
        values = parameter.data.transpose(axes)
        end, back = start + values.size, np.argsort(axes)
        data[start:end] = values.ravel()
        parameter.data, parameter.grad = (
            all_of[start:end].reshape(values.shape).transpose(back) for all_of in (data, grad)
        )
        start = end
    return data, grad
