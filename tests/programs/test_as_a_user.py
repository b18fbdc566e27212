"""The programs from outside: no torch in the NumPy track, predictions from a run, refusals in one line."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import Experiment, Trainer
from tests.conftest import PROJECT, TRACKS, Program, assert_refused
from tests.programs.test_programs import run


def test_numpy_track_never_imports_torch(subset: Path, glove: Path, tmp_path: Path) -> None:
    code = f"""
import runpy, sys
sys.argv = ["train.py", "--config", {str(PROJECT / "configs/dual_tower.yaml")!r}, "--trainer.max_epochs", "1",
            "--data.root", {str(subset)!r}, "--data.word_vectors", {str(glove)!r}, "--logs_root", {str(tmp_path)!r}]
sys.path.insert(0, "numpy_ref")
try:
    runpy.run_path({str(PROJECT / "numpy_ref/train.py")!r}, run_name="__main__")
except SystemExit as stop:
    assert not stop.code
names = {{name.split(".")[0] for name in sys.modules}}
print(sorted(names & {{"torch", "lightning", "pytorch_lightning", "torchmetrics", "tensorboardX", "tensorflow"}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_numpy_side_names_no_torch() -> None:
    for folder in ("numpy_ref", "experiment", "datamodules"):
        for path in (PROJECT / folder).rglob("*.py"):
            if path.name == "lightning_adapter.py":
                continue
            for line in path.read_text().splitlines():
                words = line.split()[:2]
                imports = len(words) == 2 and words[0] in ("import", "from")
                forbidden = ("torch", "lightning", "torchmetrics", "pytorch_lightning", "tensorboardX")
                assert not (imports and words[1].split(".")[0] in forbidden), f"{path}: {line}"


@pytest.mark.parametrize("track", TRACKS)
def test_predicts_from_any_run(track: str, small: Callable[..., Experiment], program: Program, tmp_path: Path) -> None:
    experiment = small(model="dual_tower" if track == "lightning" else "softmax", trainer=Trainer(max_epochs=2))
    folder = run(track, experiment)
    data = QuickDrawDataModule(experiment)
    np.save(tmp_path / "more.npy", data.images("test"))
    result = program("apps", "predict", folder, "more.npy", "--out", "preds.csv")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == len(data.labels("test"))
    expected = np.load(folder / "predictions.npz")["probabilities"]
    with (tmp_path / "preds.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [data.categories.index(row["label"]) for row in rows] == expected.argmax(axis=1).tolist()
    np.testing.assert_allclose([float(row["probability"]) for row in rows], expected.max(axis=1), atol=1e-6)


def test_predict_refuses(small: Callable[..., Experiment], program: Program, tmp_path: Path) -> None:
    assert_refused(program("apps", "predict", tmp_path, "x.png"), "not the folder of a run")
    folder = run("numpy", small(trainer=Trainer(max_epochs=1)))
    np.save(tmp_path / "x.npy", 255 * np.eye(28, dtype=np.uint8)[None])
    (folder / "model.json").write_text("{}")
    assert_refused(program("apps", "predict", folder, "x.npy"), "model.json")
    (folder / "model.json").write_text('{"categories": ["a", "b"], "shape": [1, 28, 28]}')
    assert_refused(program("apps", "predict", folder, "x.npy"), "does not fit")
    assert not (tmp_path / "preds.csv").exists()


def test_lightning_refusal_leaves_no_folder(subset: Path, program: Program, tmp_path: Path) -> None:
    refused = program(TRACKS["lightning"], "--data.root", subset, "--lightning.devicez", 2, "--logs_root", "logs")
    assert_refused(refused, "devicez")
    assert not (tmp_path / "logs").exists()


def test_refusals_reach_the_user_in_one_line(subset: Path, program: Program, tmp_path: Path) -> None:
    refused = program(
        TRACKS["numpy"], "--data.root", subset, "--data.categories", "[cat,hand]", "--data.source", "subset"
    )
    assert_refused(refused, "the subset has only")
    refused = program(TRACKS["numpy"], "--data.root", subset, "--optimizer.lr", 1e6, "--logs_root", "logs")
    assert_refused(refused, "at step", "learning rate")
