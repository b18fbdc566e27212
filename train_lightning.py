"""Train the Lightning track: python train_lightning.py --config configs/softmax.yaml."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiment.commandline import Command, parse_command
from experiment.errors import run_program
from lightning_models.processes import process_rank

if TYPE_CHECKING:
    from experiment.config import Experiment
    from experiment.main import Train


def main() -> int:
    """Train, test and leave a run folder."""
    command = parse_command("Train a model with PyTorch Lightning.", sys.argv[1:])
    if process_rank() > 0:
        return _follow(command)
    from datamodules.choice import make_data  # after the flags: --help answers at once
    from experiment.main import train_and_test

    return train_and_test("lightning", command, make_data, import_train)


def _follow(command: Command) -> int:
    """A further process of a distributed training: it learns along, says nothing, and leaves all files to the first."""
    from datamodules.choice import make_data
    from experiment.run import Run
    from lightning_models.trainer import learn, start_model

    sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    data, run = make_data(command.experiment), Run(command.resume or Path())
    learn(start_model(command.experiment, data), command.experiment, data, run, command.resume is not None)
    return 0


def import_train(experiment: Experiment) -> Train:
    """The Lightning track's `train`, once the `lightning:` section is sound; the import takes seconds."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads wait asleep: busy ones choke other programs
    from lightning_models.trainer import make_trainer, train

    make_trainer(experiment, logger=False, enable_checkpointing=False)
    return train


if __name__ == "__main__":
    run_program(main)
