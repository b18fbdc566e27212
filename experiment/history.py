"""Early stopping, read off the history of validation losses.

As Lightning's `EarlyStopping(patience=p)` and `ModelCheckpoint(monitor="val/loss")` define it: an epoch is
better only if its validation loss is strictly below every earlier one; training ends once `patience` epochs
in a row were not better; the best epoch's weights are the result.
"""

from __future__ import annotations

import math

from experiment.config import Trainer
from experiment.errors import UserError
from experiment.run import Row


def best_row(history: list[Row]) -> Row:
    """The first epoch with the smallest validation loss."""
    return min(history, key=lambda row: row["val/loss"])


def ended_by(history: list[Row], trainer: Trainer) -> str | None:
    """Why training is over: `patience`, `max_epochs`, or None where it is not."""
    if not history:
        return None
    if history[-1]["epoch"] - best_row(history)["epoch"] >= trainer.patience:
        return "patience"
    return "max_epochs" if len(history) >= trainer.max_epochs else None


def stop_at_nan(split: str, loss: float, step: int, epoch: int) -> None:
    """Raise a `UserError` where the `split` loss at `step` (from 0) is no longer a number."""
    if not math.isfinite(loss):
        raise UserError(
            f"the {split} loss became {loss} at step {step} (epoch {epoch}): the likely cause is a learning rate "
            "that is too high; try a tenth of --optimizer.lr."
        )
