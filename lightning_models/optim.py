"""PyTorch's optimisers by the config's names. The twin of numpy_ref/optim.py, where the formulas stand."""

from __future__ import annotations

import torch
from torch.optim import SGD, Adam, AdamW, Optimizer

from experiment.config import Optimizer as Config


def make_optimizer(config: Config, parameters: list[torch.nn.Parameter]) -> Optimizer:
    """The optimiser that `optimizer.name` names; `fused` updates each weight in one pass."""
    if config.name == "sgd":
        decay, nesterov = config.weight_decay, config.nesterov
        return SGD(parameters, config.lr, config.momentum, weight_decay=decay, nesterov=nesterov, fused=True)
    kind = AdamW if config.name == "adamw" else Adam
    betas = config.beta1, config.beta2
    return kind(parameters, config.lr, betas, config.eps, config.weight_decay, fused=True)
