"""Layers that torch has as functions only. The twins of those in numpy_ref/layers.py, where the formulas stand."""

from __future__ import annotations

import torch
from torch.nn import Module
from torch.nn.functional import normalize


class Normalize(Module):
    """y = x / ‖x‖ for each row of x (B, D): every row becomes a unit vector."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = x / max(‖x‖, 1e-12)."""
        return normalize(x, dim=1)
