"""PyTorch's learning-rate schedules by the config's names. The twin of numpy_ref/schedules.py."""

from __future__ import annotations

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from experiment.config import Optimizer as Config


def make_schedule(config: Config, optimizer: Optimizer, steps_per_epoch: int, max_epochs: int) -> LRScheduler | None:
    """The schedule that `optimizer.schedule` names, to be stepped after every batch; None where it is constant."""
    total = steps_per_epoch * max_epochs
    match config.schedule:
        case "step":
            return StepLR(optimizer, config.decay_every * steps_per_epoch, config.decay_factor)
        case "cosine":
            return CosineAnnealingLR(optimizer, total)
        case "one_cycle":
            single = config.warmup * total == 1  # a warm-up of a single step is left out: PyTorch's would divide by 0
            warmup = math.nextafter(config.warmup, 0) if single else config.warmup
            return OneCycleLR(optimizer, config.lr, total, pct_start=warmup, cycle_momentum=False)
    return None
