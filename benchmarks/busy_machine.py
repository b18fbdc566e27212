"""Two trainings at once: how much longer each takes than one alone.

    python benchmarks/busy_machine.py                                          # doodles
    python benchmarks/busy_machine.py --data.root data/quickdraw_subset_np     # real drawings

Takes the trainers' flags. With unlimited BLAS threads, two trainings on two cores were seen to take sixty times as
long as one; here each should take at most about twice as long, plus what they lose to each other's caches.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SCRIPTS = ("numpy_ref/train.py", "train_lightning.py")
MODELS = ("softmax", "dual_tower")
EPOCHS = "15"


def seconds(script: str, model: str, flags: list[str], at_once: int) -> float:
    """Seconds of training of the slowest of `at_once` processes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(PROJECT / script), "--config", str(PROJECT / f"configs/{model}.yaml"), *flags]
        command += ["--trainer.max_epochs", EPOCHS, "--trainer.patience", EPOCHS, "--logs_root"]
        started = [
            subprocess.Popen([*command, str(Path(folder) / str(number))], stdout=subprocess.DEVNULL)
            for number in range(at_once)
        ]
        if any(process.wait() for process in started):
            sys.exit("a training failed; its message stands above.")
        return max(json.loads(path.read_text())["seconds"] for path in Path(folder).rglob("metrics.json"))


def main() -> None:
    """Print the table."""
    print(f"{'':<36}{'alone':>10}{'two at once':>14}{'ratio':>8}")
    for model in MODELS:
        for script in SCRIPTS:
            alone, both = (seconds(script, model, sys.argv[1:], at_once) for at_once in (1, 2))
            print(f"{model + ', ' + script:<36}{alone:>8.1f} s{both:>12.1f} s{both / alone:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
