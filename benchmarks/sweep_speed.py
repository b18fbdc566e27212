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
SWEEPS = (("numpy", "softmax_grid"), ("lightning", "dropout_batch_norm"))
ROUNDS = 3


def seconds(track: str, sweep: str, jobs: int, flags: list[str]) -> float:
    """Seconds that the sweep takes from beginning to end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(PROJECT / "sweep.py"), str(PROJECT / f"configs/sweeps/{sweep}.yaml")]
        command += ["--track", track, "--jobs", str(jobs), "--logs_root", folder, "--figures=false", *flags]
        start = time.perf_counter()
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            sys.exit("the sweep failed; its message stands above.")
        return time.perf_counter() - start


def main() -> None:
    """Print the table: the best of some rounds in turns."""
    print(f"{'':<36}{'1 job':>10}{'2 jobs':>10}{'ratio':>8}")
    for track, sweep in SWEEPS:
        taken: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(ROUNDS):
            for jobs, times in taken.items():
                times.append(seconds(track, sweep, jobs, sys.argv[1:]))
        one, two = min(taken[1]), min(taken[2])
        print(f"{sweep + ', ' + track:<36}{one:>8.1f} s{two:>8.1f} s{one / two:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
