"""Train the NumPy track: python numpy_ref/train.py --config configs/softmax.yaml (from any folder)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # the project, so that nothing need be installed

from typing import TYPE_CHECKING  # noqa: E402

from experiment.commandline import parse_command  # noqa: E402
from experiment.errors import run_program  # noqa: E402

if TYPE_CHECKING:
    from experiment.config import Experiment
    from experiment.main import Train


def main() -> int:
    """Train, test and leave a run folder."""
    command = parse_command("Train a model in pure NumPy.", sys.argv[1:])
    from datamodules.choice import make_data  # after the flags: --help answers at once
    from experiment.main import train_and_test

    return train_and_test("numpy", command, make_data, import_train)


def import_train(_: Experiment) -> Train:
    """The NumPy track's `train`."""
    from numpy_ref.trainer import train

    return train


if __name__ == "__main__":
    run_program(main)
