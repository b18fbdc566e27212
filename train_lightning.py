"""Train the Lightning track: python train_lightning.py --config configs/softmax.yaml."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from experiment.commandline import parse_command
from experiment.errors import run_program

if TYPE_CHECKING:
    from experiment.config import Experiment
    from experiment.main import Train


def main() -> int:
    """Train, test and leave a run folder."""
    command = parse_command("Train a model with PyTorch Lightning.", sys.argv[1:])
    from datamodules.choice import make_data  # after the flags: --help answers at once
    from experiment.main import train_and_test

    return train_and_test("lightning", command, make_data, import_train)


def import_train(experiment: Experiment) -> Train:
    """The Lightning track's `train`, once the `lightning:` section is sound; the import takes seconds."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads wait asleep: busy ones choke other programs
    from lightning_models.trainer import make_trainer, train

    make_trainer(experiment, logger=False, enable_checkpointing=False)
    return train


if __name__ == "__main__":
    run_program(main)
