"""What it costs to feed millions of drawings: python benchmarks/many_drawings.py.

Files in the official format are made for 345 categories, in sizes that grow from 10⁵ to 10⁷ drawings (8 GB), in a
temporary folder that is deleted afterwards. Each size is loaded in a process of its own: peak memory, the time until
the first batch, and batches per second over an epoch, the files being in the page cache; then so for a plain array.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datamodules.image_dataset import official_categories
from datamodules.registry import make_data
from datamodules.sources import doodles
from experiment.config import Data, Experiment

SIZES = (100_000, 1_000_000, 10_000_000)
SECONDS = 20.0
"""An epoch is followed for so long at most."""
TEST = 10
"""ImageDataset of each category for the test."""


def main() -> None:
    """Make the files, measure each size, print the table."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave out larger sizes; 10⁷ needs 8 GB of disk")
    parser.add_argument("--measure", type=Path, help="(used by the program itself)")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    print(f"{'drawings':>12}  {'on disk':>8}  {'peak memory':>11}  {'first batch':>11}  {'drawings/s':>10}")
    for size in (size for size in SIZES if size <= arguments.largest):
        with tempfile.TemporaryDirectory() as folder:
            disk = make_files(Path(folder), size)
            command = [sys.executable, __file__, "--measure", folder]
            found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
            print(
                f"{size:>12,}  {disk / 1e9:>6.2f}GB  {found['memory'] / 1e6:>9,.0f}MB  {found['first']:>10.2f}s  "
                f"{found['rate']:>10,.0f}",
                flush=True,
            )


def make_files(folder: Path, size: int) -> int:
    """Official files of doodles, `size` in all; returns their bytes."""
    names = official_categories()
    pool = doodles.load(Data(train_per_category=200, test_per_category=1)).train_images
    images = np.asarray(pool[np.arange(len(pool))]).reshape(-1, 784)
    each = size // len(names)
    for number, name in enumerate(names):
        np.save(folder / f"{name}.npy", np.resize(np.roll(images, number, axis=0), (each, 784)))
    return sum(path.stat().st_size for path in folder.iterdir())


def measure(folder: Path) -> dict[str, float]:
    """Bytes of peak memory, seconds to the first batch, and drawings a second."""
    start = time.perf_counter()
    config = Data(source="bitmaps", root=str(folder), categories="all", train_per_category=None, test_per_category=TEST)
    data = make_data(Experiment(data=config))
    batches = data.batches("train")
    next(batches)
    first, count, start = time.perf_counter() - start, 0, time.perf_counter()
    for images, _ in batches:
        count += len(images)
        if time.perf_counter() - start > SECONDS:
            break
    rate = count / (time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # kilobytes, on Linux
    return {"memory": peak, "first": first, "rate": rate}


if __name__ == "__main__":
    main()
