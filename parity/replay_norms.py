"""Normalisations with each of their sums off by a rounding: perturbed runs of batch norm, layer norm and unit vectors.

Moving every input by one rounding at random rarely shows what they do where it matters: a mean that is large beside
the deviation from it, or a gradient that cancels almost whole. So the error of each formula is followed to first order.
A mean of N terms is off by √N roundings of the mean of their absolute values, all else by one rounding.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from parity.bands import Arrays

Y, DX = "y", "dL/dx"
Norm = _BatchNorm | torch.nn.LayerNorm


def standardised_off_by_a_rounding(module: Norm, x: np.ndarray, grad_y: np.ndarray | None, run: Arrays) -> Arrays:
    """Batch norm or layer norm: y = γ (x - mean) / √(var + eps) + β, as `run` has it, and off by roundings."""
    eps = float(np.finfo(x.dtype).eps)
    over, alike = _axes(module, x)
    count, rows = (int(np.prod([x.shape[axis] for axis in axes])) for axes in (over, alike))
    summed = eps * np.sqrt(count)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(values.mean(axis=over, keepdims=True, dtype=np.float64))

    centred = x - mean(x)
    variance = mean(centred * centred)
    scale = 1 / np.sqrt(variance + module.eps)
    slip = eps * (np.abs(x) + np.abs(centred)) + summed * mean(np.abs(x))  # of x - mean
    normed, error = np.abs(centred) * scale, slip * scale
    stretch = summed + mean(normed * error)  # of the scale, by an error of the variance
    error = error + normed * stretch
    gamma = _gamma(module, x.ndim)
    moved = {Y: run[Y] + gamma * (error + eps * normed)}
    if isinstance(module, _BatchNorm):
        moved |= _statistics(module, run, summed * mean(np.abs(x)), summed * variance + mean(slip * slip)
                             + 2 * mean(np.abs(centred) * slip))  # fmt: skip
    if grad_y is not None and DX in run:
        size = np.abs(grad_y) * gamma
        along = mean(size * normed)
        terms = (eps + stretch) * (size + mean(size) + normed * along) + summed * (mean(size) + normed * along)
        moved[DX] = run[DX] + scale * (terms + error * along + normed * mean(size * error))
        added = eps * np.sqrt(rows)
        moved |= _of_parameters(module, run, (np.abs(grad_y) * (error + added * normed)).sum(axis=alike),
                                added * np.abs(grad_y).sum(axis=alike))  # fmt: skip
    return {name: array.astype(x.dtype) for name, array in moved.items()}


def unit_vectors_off_by_a_rounding(x: np.ndarray, grad_y: np.ndarray | None, run: Arrays) -> Arrays:
    """y = x / ‖x‖ and dL/dx = (grad - y (y · grad)) / ‖x‖, whose difference may cancel whole."""
    eps = float(np.finfo(x.dtype).eps)
    added = eps * np.sqrt(x.shape[1])
    length = np.maximum(np.sqrt((x.astype(np.float64) ** 2).sum(axis=1, keepdims=True)), 1e-12)
    y = np.abs(x) / length
    moved = {Y: run[Y] + (eps + added) * y}
    if grad_y is not None and DX in run:
        size = np.abs(grad_y)
        along = (y * size).sum(axis=1, keepdims=True)
        moved[DX] = run[DX] + (eps * size + (2 * eps + 3 * added) * y * along) / length
    return {name: array.astype(x.dtype) for name, array in moved.items()}


def _axes(module: Norm, x: np.ndarray) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes that a mean is taken over, and those over which a parameter is the same."""
    if isinstance(module, _BatchNorm):
        axes = (0, *range(2, x.ndim))
        return axes, axes
    first = x.ndim - len(module.normalized_shape)
    return tuple(range(first, x.ndim)), tuple(range(first))


def _gamma(module: Norm, ndim: int) -> np.ndarray:
    """|γ| in a shape that multiplies x."""
    if module.weight is None:
        return np.ones(1)
    gamma = np.abs(module.weight.detach().numpy().astype(np.float64))
    return gamma.reshape(-1, *[1] * (ndim - 2)) if isinstance(module, _BatchNorm) else gamma


def _statistics(module: _BatchNorm, run: Arrays, mean: np.ndarray, variance: np.ndarray) -> Arrays:
    """The running statistics, of which a batch's mean and variance are `momentum`."""
    take = module.momentum or 0.0
    slips = {"running_mean": mean, "running_var": variance}
    return {name: run[name] + take * slip.ravel() for name, slip in slips.items() if name in run}


def _of_parameters(module: Norm, run: Arrays, weight: np.ndarray, bias: np.ndarray) -> Arrays:
    slips = {"weight": weight, "bias": bias}
    return {name: run[name] + slip for name, slip in slips.items() if name in run}
