"""Lightning's Trainer with this project's defaults and the experiment's `lightning:` section."""

from __future__ import annotations

import copy
import io
import logging
import warnings
from argparse import ArgumentError
from pathlib import Path
from typing import Any

import jsonargparse
import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import Logger
from lightning.pytorch.plugins import TorchCheckpointIO
from lightning.pytorch.profilers import Profiler
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from experiment.config import Experiment
from experiment.errors import UserError
from experiment.files import atomic_write
from lightning_models.fast_paths import NoProfiler

OURS = {"max_epochs": "trainer.max_epochs", "precision": "trainer.dtype"}
"""Trainer arguments that a field of the experiment decides."""
FIXED = (
    *("plugins", "barebones", "max_steps", "max_time"),
    *("limit_val_batches", "limit_test_batches", "check_val_every_n_epoch", "val_check_interval"),
)
"""Trainer arguments that this project sets itself: a run has whole epochs, with one whole validation each."""
EXTRAS: dict[str, type] = {"callbacks": pl.Callback, "logger": Logger, "profiler": Profiler}
"""Trainer arguments given as LightningCLI takes them, by `class_path` and `init_args`."""
PROFILERS = {"simple": "SimpleProfiler", "advanced": "AdvancedProfiler"}
"""The short names that Lightning's Trainer knows."""


def make_trainer(experiment: Experiment, extras: dict[str, list[Any]], **options: Any) -> pl.Trainer:
    """Lightning's Trainer with our defaults, then the `lightning:` section, then `options`, together with `extras`."""
    _quieten()
    defaults = {"devices": 1, "enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
    defaults |= {"sync_batchnorm": True}  # of use only where several processes train on GPUs
    for name in experiment.lightning:
        if name in OURS:
            raise UserError(f"--lightning.{name}: use --{OURS[name]} instead, which both tracks follow.")
        if name in FIXED:
            raise UserError(f"--lightning.{name}: this project sets it itself; leave it out.")
    batches = experiment.lightning.get("accumulate_grad_batches", 1)
    if isinstance(batches, int) and batches < 1:
        raise UserError(f"--lightning.accumulate_grad_batches must be a whole number above 0, but is {batches}.")
    given = {name: value for name, value in experiment.lightning.items() if name not in EXTRAS}
    callbacks = [*options.pop("callbacks", []), *extras["callbacks"]]
    added = {
        "callbacks": callbacks,
        "logger": extras["logger"],
        "profiler": next(iter(extras["profiler"]), NoProfiler()),
    }
    try:
        return pl.Trainer(**(defaults | given | options | added))
    except (TypeError, ValueError, RuntimeError, MisconfigurationException) as error:
        raise UserError(f"--lightning {experiment.lightning}: Lightning's Trainer refuses it: {error}") from error


def make_extras(experiment: Experiment) -> dict[str, list[Any]]:
    """The callbacks, loggers and profiler that the `lightning:` section asks for, as objects."""
    return {name: _instantiate(name, experiment.lightning.get(name)) for name in EXTRAS}


class AtomicCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint completely or not at all; Lightning's own way copies it over from another disk's /tmp."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """To a temporary file beside the target, then renamed."""
        content = io.BytesIO()
        torch.save(checkpoint, content)
        with atomic_write(Path(path)) as file:
            file.write(content.getbuffer())


def _instantiate(name: str, value: Any) -> list[Any]:
    """Objects from `class_path` and `init_args`: one, or a list of such; "simple" and "advanced" are profilers."""
    if not value:
        return []
    values = copy.deepcopy(value if isinstance(value, list) else [value])
    values = [PROFILERS.get(each, each) if isinstance(each, str) else each for each in values]
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_argument(f"--{name}", type=list[EXTRAS[name]])  # type: ignore[valid-type]
    try:
        return list(getattr(parser.instantiate(parser.parse_object({name: values})), name))
    except (ArgumentError, TypeError, ValueError, ImportError, MisconfigurationException) as error:
        reason = " ".join(str(error).split()).removeprefix(f'Parser key "{name}": ').split(" Subclass types expect")[0]
        raise UserError(
            f"--lightning.{name}: {reason.rstrip('.')}. Give class_path and init_args, as in LightningCLI."
        ) from error


def _quieten() -> None:
    """Leave the console to our own lines: no tips, and no warnings about what this project does on purpose."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (
        "Checkpoint directory",
        "The number of training batches",
        "It is recommended to use .self.log",
        "`isinstance.treespec",
    ):
        warnings.filterwarnings("ignore", message=f".*{message}")
