"""Learning-rate schedules: the rate of each step, as PyTorch's schedulers of the same names give it.

A step is one batch; `total` is the number of steps of the whole training.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from experiment.config import Optimizer

Schedule = Callable[[int], float]
"""From the number of a step, from 0, to its learning rate."""


def make_schedule(config: Optimizer, steps_per_epoch: int, max_epochs: int) -> Schedule:
    """The schedule that `optimizer.schedule` names."""
    total = steps_per_epoch * max_epochs
    match config.schedule:
        case "step":
            return lambda step: step_lr(config.lr, step, config.decay_every * steps_per_epoch, config.decay_factor)
        case "cosine":
            return lambda step: cosine_annealing_lr(config.lr, step, total)
        case "one_cycle":
            return lambda step: one_cycle_lr(config.lr, step, total, config.warmup)
    return lambda _: config.lr


def step_lr(lr: float, step: int, every: int, factor: float) -> float:
    """η = lr · factor^⌊step / every⌋ (`torch.optim.lr_scheduler.StepLR`)."""
    return float(lr * factor ** (step // every))


def cosine_annealing_lr(lr: float, step: int, total: int) -> float:
    """η = lr (1 + cos(π step / total)) / 2 (Loshchilov and Hutter 2017, equation 5; `CosineAnnealingLR` down to 0)."""
    return _half_cosine(lr, 0, step / total)


def one_cycle_lr(lr: float, step: int, total: int, warmup: float, first: float = 25, last: float = 1e4) -> float:
    """Half a cosine up from lr / 25 to lr, until the share `warmup` of the steps, then one down to lr / 25 / 10,000.

    Smith and Topin 2018, "Super-Convergence"; `torch.optim.lr_scheduler.OneCycleLR(cycle_momentum=False)`. A warm-up
    of a single step is left out: it starts at lr. (PyTorch's would divide 0 by 0.)
    """
    top = warmup * total - 1
    if top > 0 and step <= top:
        return _half_cosine(lr / first, lr, step / top)
    return _half_cosine(lr, lr / first / last, (step - top) / (total - 1 - top))


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
