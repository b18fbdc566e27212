"""Weights as safetensors: numbers and names only, nothing that could run when it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from experiment.errors import UserError
from experiment.files import atomic_write, regular

BEST = "model.safetensors"
"""In a run's folder: the weights with the smallest validation loss."""
FIRST = "first_epoch.safetensors"
"""In a run's folder: the weights after the first epoch."""


def save_weights(path: Path, weights: dict[str, np.ndarray], notes: dict[str, str] | None = None) -> None:
    """Write arrays by name, with notes beside them, whole or not at all."""
    with atomic_write(path) as file:
        file.write(safetensors.numpy.save(weights, notes))


def load_weights(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays by name, and the notes; a missing or damaged file is a `UserError`."""
    try:
        with safe_open(regular(path), framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; the run was stopped before it was written.") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path}: damaged ({error}); start a new run.") from error
