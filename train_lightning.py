"""Train the Lightning track: python train_lightning.py --config configs/softmax.yaml."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from experiment.interrupt import exit_on_signals

if __name__ == "__main__":
    exit_on_signals()

from experiment.commandline import Command, parse_command
from experiment.errors import run_program
from lightning_models.processes import process_rank


def main() -> int:
    """Train, test and leave a run folder."""
    command = parse_command("Train a model with PyTorch Lightning.", sys.argv[1:])
    if process_rank() > 0:
        return _follow(command)
    from training.program import train_and_test  # after the flags: --help answers at once

    return train_and_test("lightning", command)


def _follow(command: Command) -> int:
    """A further process of a distributed training: it trains along, prints nothing, and leaves files to the first."""
    from datamodules.registry import make_data
    from experiment.run import Run
    from lightning_models.trainer import Trainer

    sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    data, run = make_data(command.experiment), Run(command.resume or Path())
    Trainer(command.experiment, data, run).fit(command.resume is not None)
    return 0


if __name__ == "__main__":
    run_program(main)
