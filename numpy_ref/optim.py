"""Optimisers as `torch.optim` defines them."""

from __future__ import annotations

import numpy as np

from experiment.config import Optimizer as Config
from numpy_ref.module import Parameter
from numpy_ref.parallel import in_blocks
from numpy_ref.schedules import Schedule


class Optimizer:
    """Updates `parameters` in place, once per `step`; a subclass says how in `update`.

    `pack` has joined all weights into one long array w, and all gradients into another, g.
    """

    STATE: tuple[str, ...] = ()
    """Names of the arrays that go from step to step, one number for each weight; PyTorch's names."""

    def __init__(self, parameters: list[Parameter], schedule: Schedule) -> None:
        self.schedule, self.steps, self.lr = schedule, 0, schedule(0)
        self._w, self._g = pack(parameters)
        self.state = {name: np.zeros_like(self._w) for name in self.STATE}

    def step(self) -> None:
        """One step down the gradients that `backward` left."""
        self.lr = self.schedule(self.steps)
        self.steps += 1
        in_blocks(self.update, self._w, self._g, *self.state.values())

    def update(self, w: np.ndarray, g: np.ndarray, *state: np.ndarray) -> None:
        """Change the weights w, with gradients g, and the arrays of `STATE` in place; all have the same shape."""
        raise NotImplementedError

    def flush_denormals(self) -> None:
        """Set numbers of the state below the smallest normal one to 0, which some processors are very slow with.

        Momentum without a gradient shrinks until it is that small, and rounding keeps it there. Once an epoch is
        enough.
        """
        for array in self.state.values():
            array[np.abs(array) < np.finfo(array.dtype).smallest_normal] = 0

    def state_dict(self) -> dict[str, np.ndarray]:
        """What a resumed training needs: the number of steps, and the arrays of `STATE`."""
        return {"steps": np.array(self.steps)} | self.state

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Copy that from `state`; a missing or misshapen array is a KeyError or ValueError."""
        self.steps = int(state["steps"])
        for name, array in self.state.items():
            if array.shape != state[name].shape:
                raise ValueError(f"expected the shape {array.shape} of {name}, not {state[name].shape}")
            array[...] = state[name]


class SGD(Optimizer):
    """Stochastic gradient descent. With gradient g, weight decay d, momentum μ and learning rate η:

    g ← g + d w
    v ← μ v + g                   (v starts at 0)
    w ← w - η v                   or, with Nesterov's look ahead,  w ← w - η (g + μ v)
    """

    STATE = ("momentum_buffer",)

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

    def update(self, w: np.ndarray, g: np.ndarray, *state: np.ndarray) -> None:
        """The three lines above."""
        (v,) = state
        if self.weight_decay:
            g = g + self.weight_decay * w
        v *= self.momentum
        v += g
        w -= self.lr * (g + self.momentum * v if self.nesterov else v)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1), and AdamW with `decoupled` (Loshchilov and Hutter 2019, algorithm 2).

    With gradient g, weight decay d, learning rate η, at step t (from 1):

    g ← g + d w                   or, decoupled,  w ← w - η d w
    m ← β₁ m + (1 - β₁) g         (m and v start at 0)
    v ← β₂ v + (1 - β₂) g²
    w ← w - η / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)
    """

    STATE = ("exp_avg", "exp_avg_sq")

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

    def update(self, w: np.ndarray, g: np.ndarray, *state: np.ndarray) -> None:
        """The four lines above."""
        m, v = state
        beta1, beta2 = self.betas
        if self.weight_decay and self.decoupled:
            w *= 1 - self.lr * self.weight_decay
        elif self.weight_decay:
            g = g + self.weight_decay * w
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        step_size, root = self.lr / (1 - beta1**self.steps), (1 - beta2**self.steps) ** 0.5
        w -= step_size * (m / (np.sqrt(v) / root + self.eps))


def make_optimizer(config: Config, parameters: list[Parameter], schedule: Schedule) -> Optimizer:
    """The optimiser that `optimizer.name` names."""
    if config.name == "sgd":
        return SGD(parameters, schedule, config.momentum, config.nesterov, config.weight_decay)
    betas = config.beta1, config.beta2
    return Adam(parameters, schedule, betas, config.eps, config.weight_decay, decoupled=config.name == "adamw")


def pack(parameters: list[Parameter]) -> tuple[np.ndarray, np.ndarray]:
    """Join all `data` into one long array, and all `grad` into another; each parameter becomes a view of them.

    A step then is a few operations on long arrays, whatever the network. Each parameter keeps its order in memory.
    """
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
