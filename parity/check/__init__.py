"""Check anybody's NumPy network, layer, loss or optimiser against the reference, and name the mistake."""

from __future__ import annotations

from typing import Any

__all__ = ["check_layer", "check_loss", "check_network", "check_optimizer"]


def __getattr__(name: str) -> Any:
    if name in ("check_layer", "check_loss", "check_optimizer"):
        from parity.check import against_torch

        return getattr(against_torch, name)
    if name == "check_network":
        from parity.check.commandline import check

        return check
    raise AttributeError(name)
