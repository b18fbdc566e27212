"""Does a training slow down whose numbers become denormal, that is, smaller than 1e-38?

    python benchmarks/denormals.py                                          # doodles
    python benchmarks/denormals.py --data.root data/quickdraw_subset_np     # real drawings

Takes the trainers' flags. After the first epochs all hidden units die: the gradients of their weights are 0, and the
optimiser's moving means shrink at every step, until they are denormal. One epoch is compared before that and after it,
once as it is and once without `Optimizer.flush_denormals`.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

from datamodules.images import ImageDataModule  # noqa: E402
from datamodules.registry import make_data  # noqa: E402
from experiment.commandline import parse_command  # noqa: E402
from experiment.config import Experiment, Optimizer, Softmax  # noqa: E402
from experiment.errors import run_program  # noqa: E402
from numpy_ref.trainer import start_model  # noqa: E402

STEPS = 1100
"""Steps with a gradient of 0: 0.9 to this power is below 1e-45."""
ROUNDS = 7


def seconds(experiment: Experiment, data: ImageDataModule, flush: bool) -> tuple[float, float]:
    """Median seconds of an epoch's steps before the units die, and when their moving means are denormal."""
    model = start_model(experiment, data)
    model.steps_per_epoch = data.num_batches("train")
    optimizer = model.configure_optimizers()
    model.train()

    def epoch() -> float:
        model.reset_sums()
        start = time.perf_counter()
        for batch_idx, batch in enumerate(data.batches("train", 0)):
            model.training_step(batch, batch_idx)
            optimizer.step()
        passed = time.perf_counter() - start
        if flush:
            optimizer.flush_denormals()
        return passed

    before = [epoch() for _ in range(ROUNDS)]
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.data -= 1e3
    for _ in range(-(-STEPS // data.num_batches("train"))):
        epoch()
    return statistics.median(before), statistics.median(epoch() for _ in range(ROUNDS))


def main() -> int:
    """Print what each optimiser loses."""
    base = parse_command("Train with denormal numbers.", sys.argv[1:]).experiment
    data = make_data(base)
    print("time of an epoch when hidden units have died, as a multiple of the time before")
    print(f"{'':12}{'as it is':>10}{'without flushing':>20}")
    with threadpool_limits(1, "blas"), np.errstate(under="ignore"):
        for name in ("sgd", "adam", "adamw"):
            optimizer = Optimizer(name=name, lr=0.001)
            experiment = replace(base, model="softmax", softmax=Softmax(), optimizer=optimizer)
            ratios = [after / before for before, after in (seconds(experiment, data, flush) for flush in (True, False))]
            print(f"{name:12}{ratios[0]:>10.2f}{ratios[1]:>20.2f}", flush=True)
    return 0


if __name__ == "__main__":
    run_program(main)
