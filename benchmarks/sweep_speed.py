"""A sweep with two jobs beside the same sweep with one: how many times as fast?

    python benchmarks/sweep_speed.py                                          # doodles
    python benchmarks/sweep_speed.py --data.root data/quickdraw_subset_np     # real drawings

Takes the trainers' flags. Whole programs are timed, start-up, ranking and the test of the best included.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TRACK, SWEEP = "numpy", "softmax_grid"
ROUNDS = 3


def seconds(jobs: int, flags: list[str]) -> float:
    """Seconds that the sweep takes from beginning to end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "studies", "sweep", str(PROJECT / f"configs/sweeps/{SWEEP}.yaml")]
        command += ["--track", TRACK, "--jobs", str(jobs), "--logs_root", folder, "--figures=false", *flags]
        start = time.perf_counter()
        if subprocess.run(command, cwd=PROJECT, stdout=subprocess.DEVNULL, check=False).returncode:
            sys.exit("the sweep failed; its message stands above.")
        return time.perf_counter() - start


def main() -> None:
    """Print the table: the best of some rounds in turns."""
    taken: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for jobs, times in taken.items():
            times.append(seconds(jobs, sys.argv[1:]))
    one, two = min(taken[1]), min(taken[2])
    print(f"{'':<24}{'1 job':>10}{'2 jobs':>10}{'ratio':>8}")
    print(f"{SWEEP + ', ' + TRACK:<24}{one:>8.1f} s{two:>8.1f} s{one / two:>8.2f}")


if __name__ == "__main__":
    main()
