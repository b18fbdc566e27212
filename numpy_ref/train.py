"""Train the NumPy track: python numpy_ref/train.py --config configs/softmax.yaml (from any folder)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # the project: nothing has to be installed

from experiment.interrupt import exit_on_signals  # noqa: E402

if __name__ == "__main__":
    exit_on_signals()

from experiment.commandline import parse_command  # noqa: E402
from experiment.errors import run_program  # noqa: E402


def main() -> int:
    """Train, test and leave a run folder."""
    command = parse_command("Train a model in pure NumPy.", sys.argv[1:])
    from training.program import train_and_test  # after the flags: --help answers at once

    return train_and_test("numpy", command)


if __name__ == "__main__":
    run_program(main)
