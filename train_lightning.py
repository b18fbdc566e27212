"""Train the Lightning track: python train_lightning.py --config configs/softmax.yaml."""

from __future__ import annotations

import sys

from experiment.commandline import parse_command
from experiment.errors import run_program


def main() -> int:
    """Train, test and leave a run folder."""
    command = parse_command("Train a model with PyTorch Lightning.", sys.argv[1:])
    from datamodules.quickdraw import QuickDrawDataModule  # after the flags: --help answers at once
    from experiment.main import train_and_test

    return train_and_test("lightning", command, QuickDrawDataModule, import_train)


def import_train():  # type: ignore[no-untyped-def]
    """The Lightning track's `train`; torch and Lightning take seconds to import."""
    from lightning_models.trainer import train

    return train


if __name__ == "__main__":
    run_program(main)
