"""What it brings to hold all images on the device, and to compile the network: python benchmarks/device.py.

Takes the trainers' flags; runs on the GPU where there is one, else on the CPU. The same training, in turns, with
batches made by NumPy and moved to the device, with batches gathered from images that lie on the device as bytes, and
each with `compile: true`. The first epoch of each training, in which PyTorch compiles, does not count.
"""

from __future__ import annotations

import logging
import statistics
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

import torch  # noqa: E402

from benchmarks.training_speed import SMALL_CNN, in_turns, lightning_epochs, report  # noqa: E402
from datamodules.images import Split  # noqa: E402
from datamodules.lightning_adapter import ImageLightningDataModule  # noqa: E402
from datamodules.registry import make_data  # noqa: E402
from experiment.commandline import parse_command  # noqa: E402
from experiment.config import Augmentation, Experiment  # noqa: E402
from experiment.errors import run_program  # noqa: E402

IMAGES = 9_000
"""Images per contestant and round, at least."""


class FromHost(ImageLightningDataModule):
    """Every batch is made by NumPy and moved to the device."""

    def belongs(self, split: Split, device: torch.device) -> bool:
        """Never."""
        return False


class OnDevice(ImageLightningDataModule):
    """All images lie on the device, also where that is the CPU."""

    def belongs(self, split: Split, device: torch.device) -> bool:
        """Always."""
        return True


def compare(title: str, experiment: Experiment) -> None:
    """All four ways in turns; ratios to batches from the host, not compiled."""
    data = make_data(experiment)
    with tempfile.TemporaryDirectory() as name:
        contestants = {
            f"{words}{', compiled' if chosen.compile else ''}": lightning_epochs(chosen, data, Path(name), adapter, 1)
            for chosen in (replace(experiment, compile=False), replace(experiment, compile=True))
            for words, adapter in (("batches from the host", FromHost), ("images on the device", OnDevice))
        }
        speeds = in_turns(contestants, data, IMAGES)
    report(f"{title} on {data.description}", speeds, statistics.median(speeds["batches from the host"]), "of the first")


def main() -> int:
    """The experiment's network, and a small CNN."""
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    base = parse_command("Compare batches from the host with images held on the device.", sys.argv[1:]).experiment
    base = replace(base, data=replace(base.data, augmentation=Augmentation()))
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    print(f"device: {name}")
    compare(base.model, base)
    compare("small CNN (report 3)", replace(base, model="softmax", softmax=SMALL_CNN))
    return 0


if __name__ == "__main__":
    run_program(main)
