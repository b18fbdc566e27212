"""The same models as LightningModules, for this project's trainer and for anybody's `lightning.Trainer`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from experiment.registry import MODELS

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads wait asleep: busy ones slow other programs down

if TYPE_CHECKING:
    from lightning_models.dual_tower import DualTower
    from lightning_models.softmax import SoftmaxClassifier

__all__ = ["DualTower", "SoftmaxClassifier"]


def __getattr__(name: str) -> Any:
    """Import a model when it is asked for: torch takes seconds, and `--help` needs none of it."""
    for entry in MODELS.values():
        if entry.class_name == name:
            return entry.load_class(__name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
