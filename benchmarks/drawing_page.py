"""How long the drawing page takes to answer a stroke: python benchmarks/drawing_page.py.

Trains an MLP and the recipes' networks on doodles for a moment (how well they do makes no difference), starts
`python -m apps demo`, and draws: stroke by stroke, each drawing a request, as the page sends them. An answer has both
tracks' probabilities. When a run is chosen the page has its networks loaded (`prepare`), before anything is drawn.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
CONFIGS = ("softmax.yaml", "recipes/mlp.yaml", "recipes/cnn.yaml", "sequence.yaml")
SHORT = ["--data.source", "doodles", "--data.train_per_category", "40", "--data.test_per_category", "10"]
SHORT += ["--trainer.max_epochs", "1", "--figures", "false"]
DRAWINGS, STROKES = 10, 10


def main() -> None:
    """Train, serve, draw, and print the milliseconds."""
    with tempfile.TemporaryDirectory() as logs:
        for config in CONFIGS:
            command = ["numpy_ref/train.py", "--config", f"configs/{config}", *SHORT, "--logs_root", logs]
            subprocess.run([sys.executable, *command], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
        command = ["-m", "apps", "demo", "--port", "0", "--logs_root", logs]
        server = subprocess.Popen(
            [sys.executable, *command], cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[2]
            titles = "".join(f"{title:>10}" for title in ("prepare", "first", "median", "slowest"))
            print(f"{'milliseconds':<16}{titles}")
            for run in sorted(_runs(address)):
                prepared = _post(address + "prepare", {"run": run})
                first, *others = [_post(address + "answer", {"run": run, "strokes": each}) for each in _drawings()]
                times = prepared, first, statistics.median(others), max(others)
                print(f"{run.split('/')[0]:<16}" + "".join(f"{each:>10.0f}" for each in times), flush=True)
        finally:
            server.terminate()
            server.wait()


def _runs(address: str) -> list[str]:
    with urllib.request.urlopen(address + "runs", timeout=30) as response:
        return [run["name"] for run in json.load(response)]


def _drawings() -> list[list[Any]]:
    """Drawings as they grow, stroke by stroke."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(DRAWINGS):
        strokes = [random.normal(0, 6, (2, 20)).cumsum(axis=1) + 128 for _ in range(STROKES)]
        found += [[stroke.tolist() for stroke in strokes[: count + 1]] for count in range(STROKES)]
    return found


def _post(address: str, content: dict[str, Any]) -> float:
    """Milliseconds until the answer is here."""
    request = urllib.request.Request(address, json.dumps(content).encode(), {"Content-Type": "application/json"})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as response:
        response.read()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
