"""How training scales over processes: python benchmarks/processes.py.

The same training of the CNN of configs/all_345 on doodles, BatchNorm left out, with one process and with two, each
process on one thread. From the two speeds follows what a process costs: with W processes a step takes the work's share
a / W and the exchange of gradients c, which a ring keeps all but constant as W grows: t(W) = a / W + c.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

PROJECT = Path(__file__).resolve().parents[1]
NETWORK = (
    "[{Conv2d: {out_channels: 32, kernel_size: 3, padding: 1}}, ReLU, {MaxPool2d: 2},"
    " {Conv2d: {out_channels: 64, kernel_size: 3, padding: 1}}, ReLU, {MaxPool2d: 2},"
    " {Conv2d: {out_channels: 128, kernel_size: 3, padding: 1}}, ReLU, {MaxPool2d: 2}, {Linear: 512}, ReLU]"
)
FLAGS = [
    *("--data.source", "doodles", "--data.train_per_category", "2000", "--data.test_per_category", "10"),
    *("--data.batch_size", "128", "--softmax.layers", NETWORK, "--figures", "false", "--trainer.max_epochs", "3"),
    *("--lightning.strategy", "ddp", "--lightning.accelerator", "cpu"),
]
SHOWN = (1, 2, 4, 8)


def main() -> None:
    """Measure one and two processes; print them, and what the model says of more."""
    speeds = {world: measure(world) for world in (1, 2)}
    seconds = {world: 1 / speed for world, speed in speeds.items()}
    work = 2 * (seconds[1] - seconds[2])
    exchange = seconds[1] - work
    print(f"{'processes':>10}{'drawings/s':>13}{'speed-up':>10}")
    for world in SHOWN:
        speed = speeds.get(world) or 1 / (work / world + max(exchange, 0))
        kind = "measured" if world in speeds else "modelled"
        print(f"{world:>10}{speed:>13,.0f}{speed / speeds[1]:>10.2f}  {kind}")


def measure(world: int) -> float:
    """Images per second, the median of all epochs but the first."""
    with tempfile.TemporaryDirectory() as logs:
        command = [sys.executable, str(PROJECT / "train_lightning.py"), *FLAGS]
        command += ["--lightning.devices", str(world), "--logs_root", logs]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        (run,) = Path(logs).glob("*/lightning/*")
        events = EventAccumulator(str(run))
        events.Reload()
        return float(np.median([event.value for event in events.Scalars("training/images_per_second")][1:]))


if __name__ == "__main__":
    main()
