"""Training over several processes is the training that one process does; and what happens when one of them dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from datamodules.lightning_adapter import share_of
from experiment.run import Run
from tests.conftest import PROJECT, Program, assert_refused, fast_python

PAIR = ["--lightning.devices", "2", "--lightning.strategy", "ddp", "--lightning.accelerator", "cpu"]
NETWORK = "[{Linear: 9}, ReLU, {Dropout: 0.3}]"

pytestmark = pytest.mark.processes


@pytest.fixture
def flags(subset: Path, glove: Path, tmp_path: Path) -> list[str]:
    """A short float64 training, whose batches of 31 and last batch of 22 two processes cannot halve, or can."""
    return [
        *("--data.source", "subset", "--data.root", str(subset), "--data.word_vectors", str(glove)),
        *("--data.batch_size", "31", "--trainer.dtype", "float64", "--trainer.max_epochs", "3", "--figures", "false"),
        *("--logs_root", str(tmp_path / "logs"), "--optimizer.l2", "0.001"),
    ]


def run_of(logs: Path) -> Run:
    """The one run in a logs folder's track."""
    (folder,) = logs.iterdir()
    return Run(folder)


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_shares_cover_the_batch_once(world: int) -> None:
    for total in range(1, 20):
        rows = [row for rank in range(world) for row in range(*share_of(total, rank, world)[:2])]
        assert rows == list(range(total))


def test_two_processes_learn_what_one_does(flags: list[str], program: Program, tmp_path: Path) -> None:
    flags += ["--model", "dual_tower", "--dual_tower.image_layers", NETWORK, "--dual_tower.margin_weight", "1"]
    flags += ["--dual_tower.train_word_tower", "true", "--optimizer.lr", "0.1"]
    for name, script, more in (("numpy", "numpy_ref/train.py", []), ("pair", "train_lightning.py", PAIR)):
        result = program(script, *flags, *more, "--experiment", name)
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
    one, two = (run_of(tmp_path / "logs" / name) for name in ("numpy/numpy", "pair/lightning"))
    for ours, theirs in zip(one.read_history(), two.read_history(), strict=True):
        assert ours.keys() == theirs.keys()
        for tag, value in ours.items():
            assert value == pytest.approx(theirs[tag], abs=1e-10), tag
    ours, theirs = (run.read_json("metrics.json", "test")["test"] for run in (one, two))
    assert ours == pytest.approx(theirs, abs=1e-10)
    probabilities = [np.load(run.folder / "predictions.npz")["probabilities"] for run in (one, two)]
    np.testing.assert_allclose(probabilities[0], probabilities[1], atol=1e-10)


OWN_TRAINER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import lightning, torch
from datamodules.lightning_adapter import ImageLightningDataModule
from lightning_models import SoftmaxClassifier

data = ImageLightningDataModule(source="subset", root=sys.argv[2], batch_size=31, dtype="float64")
model = SoftmaxClassifier(layers=[{"Linear": 9}, "ReLU", {"Dropout": 0.3}], l2=0.001, dtype="float64")
quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
strategy = {"devices": 2, "strategy": "ddp"} if sys.argv[3] == "2" else {"devices": 1}
trainer = lightning.Trainer(max_epochs=2, accelerator="cpu", **strategy, **quiet)
trainer.fit(model, data)
numbers = {name: value.item() for name, value in trainer.callback_metrics.items()}
numbers |= trainer.validate(model, data, verbose=False)[0] | trainer.test(model, data, verbose=False)[0]
if trainer.is_global_zero:
    print("numbers", json.dumps(numbers))
"""


def test_two_processes_of_your_own_trainer_log_what_one_does(subset: Path, program: Program, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN_TRAINER)
    found = []
    for world in (1, 2):
        result = program(str(tmp_path / "own.py"), PROJECT, subset, world)
        assert result.returncode == 0, result.stderr
        (line,) = [line for line in result.stdout.splitlines() if line.startswith("numbers ")]
        found.append(json.loads(line.removeprefix("numbers ")))
    assert found[0].keys() == found[1].keys() >= {"train/loss", "val/accuracy", "test/roc_auc_macro"}
    assert found[0] == pytest.approx(found[1], abs=1e-10)


def test_batch_normalisation_is_not_shared_by_cpus(flags: list[str], program: Program) -> None:
    result = program("train_lightning.py", *flags, *PAIR, "--softmax.layers", "[{Linear: 4}, BatchNorm1d]")
    assert_refused(result, "BatchNorm cannot be shared by 2 CPU processes")


def test_a_killed_process_ends_the_training_which_can_be_resumed(
    flags: list[str], program: Program, tmp_path: Path
) -> None:
    logs = tmp_path / "logs" / "softmax" / "lightning"
    command = [fast_python(), str(PROJECT / "train_lightning.py"), *flags, *PAIR]
    long = ["--trainer.max_epochs", "100000", "--trainer.patience", "100000"]
    training = subprocess.Popen([*command, *long], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(logs.glob("*/checkpoints/last.ckpt")):
        assert training.poll() is None
        time.sleep(0.1)
    os.kill(worker_of(training.pid, logs), signal.SIGKILL)
    _, said = training.communicate(timeout=120)
    assert training.returncode == 2
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    run = run_of(logs)
    assert "process 0 of 2 lost the others" in line and f"--resume {run.folder}" in line
    assert "Traceback" not in said
    done = len(run.read_history())
    resumed = ["--resume", str(run.folder), "--trainer.max_epochs", str(done + 1), *long[2:]]
    again = program("train_lightning.py", *flags, *PAIR, *resumed)
    assert again.returncode == 0, again.stderr
    assert len(run.read_history()) == done + 1 and (run.folder / "metrics.json").is_file()


def worker_of(training: int, logs: Path) -> int:
    """The process that Lightning started for the second half of each batch."""
    found = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True)
    lines = [line for line in found.stdout.splitlines() if f"--logs_root {logs.parents[1]}" in line]
    (worker,) = {int(line.split()[0]) for line in lines} - {training}
    return worker
