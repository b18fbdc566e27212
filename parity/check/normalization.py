"""Batch norm and dropout between dense layers: what they compute, and the known ways of getting them wrong.

Batch norm: Ioffe and Szegedy (2015), algorithm 1. Dropout: Srivastava et al. (2014), scaled in training as in torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Norm:
    """Batch norm over the samples, or with the running statistics under `mean` and `var`.

    `scale` and `shift` are names of arrays, "" where there is none; the shift "bias" is the dense layer's bias.
    """

    before: bool = True  # before the activation
    eps: float = 1e-5
    outside: bool = False  # ε beside the root instead of in it
    scale: str = ""
    shift: str = ""
    mean: str = ""
    var: str = ""

    def apply(self, z: Array, bias: Array | None, arrays: dict[str, Array]) -> Normed:
        """γ (z - μ) / √(σ² + ε) + β."""
        mean = np.ravel(arrays[self.mean]) if self.mean else z.mean(0)
        var = np.ravel(arrays[self.var]) if self.var else z.var(0)
        deviation = np.sqrt(var) + self.eps if self.outside else np.sqrt(var + self.eps)
        x_hat = (z - mean) / deviation
        scale = np.ravel(arrays[self.scale]) if self.scale else np.ones(z.shape[1])
        shift = bias if self.shift == "bias" else arrays[self.shift] if self.shift else None
        out = scale * x_hat
        return Normed(out if shift is None else out + np.ravel(shift), x_hat, deviation, scale, not self.mean)


@dataclass
class Normed:
    """The values of a batch norm: its output, x̂, σ and γ."""

    out: Array
    x_hat: Array
    deviation: Array
    scale: Array
    of_batch: bool

    def backward(self, grad: Array, mistakes: set[str]) -> Array:
        """dz = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / σ with dx̂ = γ dy."""
        grad = grad * self.scale
        if not self.of_batch:
            return grad / self.deviation
        answer = grad
        if "bn_mean_term_missing" not in mistakes:
            answer = answer - grad.mean(0)
        if "bn_variance_term_missing" not in mistakes:
            answer = answer - self.x_hat * (grad * self.x_hat).mean(0)
        return answer / self.deviation


@dataclass(frozen=True)
class Mask:
    """Dropout: units whose random number lies below (above) the threshold are kept, and multiplied by `scale`."""

    draw: int
    threshold: float
    below: bool
    scale: float

    @property
    def keep(self) -> float:
        """The probability of keeping a unit."""
        return self.threshold if self.below else 1 - self.threshold

    def factors(self, draw: Array) -> Array:
        """0 or the scale for each unit of each sample."""
        kept = draw < self.threshold if self.below else draw > self.threshold
        return kept * self.scale


def masked(grad: Array, mask: Array, mistakes: set[tuple[str, str]]) -> Array:
    """The gradient before dropout."""
    if ("dropout_mask_not_applied_backward", "") in mistakes:
        return grad
    if ("dropout_not_scaled", "backward") in mistakes:
        return grad * (mask != 0)
    return grad * mask
