"""The comparison and the trace as programs, and two finished runs compared."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.quickdraw import QuickDrawDataModule
from experiment.config import Data, DualTower, Experiment, Trainer
from experiment.errors import UserError
from experiment.trained_run import read_trained
from lightning_models import trainer as torch_trainer
from lightning_models.predictor import Predictor as TorchPredictor
from numpy_ref import layers, trainer
from numpy_ref.predictor import Predictor
from parity import compare
from parity import trace_command as tracing
from parity.bands import apart
from parity.compare import compare_runs
from parity.finished import read_run
from parity.hints import describe
from parity.report import verdict
from parity.trace import as_page, as_text, trace
from tests.conftest import Program, assert_refused
from training.program import begin
from training.results import save_results

DUAL: dict[str, Any] = {
    "model": "dual_tower",
    "dual_tower": DualTower(image_dims=[16, 12], train_word_tower=True, margin_weight=1.0, contrast_weight=0.5),
}
MODELS: dict[str, dict[str, Any]] = {"softmax": {"model": "softmax"}, "dual_tower": DUAL}


@pytest.fixture
def flags(subset: Path, tmp_path: Path) -> list[str]:
    """An experiment of one epoch on 54 drawings."""
    fields = {
        "data.source": "subset", "data.root": subset, "data.train_per_category": 12, "data.test_per_category": 4,
        "data.batch_size": 20, "softmax.hidden_dims": "[5]", "trainer.max_epochs": 1, "trainer.patience": 1,
        "logs_root": tmp_path / "logs",
    }  # fmt: skip
    return [text for name, value in fields.items() for text in (f"--{name}", str(value))]


def _without_gate(self: Any, grad: np.ndarray) -> np.ndarray:
    return grad.copy()


def test_a_comparison_that_holds_exits_with_0(flags: list[str], tmp_path: Path, capsys: Any) -> None:
    assert compare.main(flags) == 0
    assert "DIFFERENT" not in capsys.readouterr().out
    (report,) = tmp_path.rglob("comparison.md")
    text = report.read_text()
    assert "learning rate of every step" in text
    for picture in report.parent.glob("*.png"):
        assert picture.stat().st_size > 5000 and f"({picture.name})" in text
    assert list(report.parent.glob("*.png")) and json.loads((report.parent / "comparison.json").read_text())


def test_a_difference_exits_with_1(flags: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(layers.ReLU, "backward", _without_gate)
    assert compare.main(flags) == 1
    shown = capsys.readouterr().out
    assert "First difference, float64: dL/dx: dL/dx of layers.2 (ReLU) (step 0, epoch 1)" in shown


def test_a_trace_exits_with_0_or_1(flags: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    assert tracing.main(flags) == 0
    assert "FIRST DIFFERENCE" not in capsys.readouterr().out
    monkeypatch.setattr(layers.ReLU, "backward", _without_gate)
    assert tracing.main(flags) == 1
    assert capsys.readouterr().out.count("FIRST DIFFERENCE") == 1


@pytest.mark.parametrize("model", MODELS)
def test_trace_shows_each_layer_with_its_formula(model: str, small: Callable[..., Experiment]) -> None:
    experiment = small(**MODELS[model])
    parts = trace(experiment, QuickDrawDataModule(experiment))
    text, page = as_text(parts), as_page(parts, "heading")
    for words in ("y = x Wᵀ + b", "dL/dweight", "dL/dx", "NumPy", "PyTorch", "backward", "loss"):
        assert words in text and words in page
    assert "http" not in page and not any(entry.differs for part in parts for entry in part.entries)


def test_differences_by_hand() -> None:
    assert apart(np.array([1.0, 2.0]), np.array([1.5, 2.0])) == 0.5
    assert apart(np.array([np.nan, 1.0]), np.array([np.nan, 1.0])) == 0
    assert apart(np.array([np.nan]), np.zeros(1)) == apart(np.zeros(1), np.zeros(2)) == np.inf
    theirs = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert describe(-theirs, theirs) == "NumPy's has the opposite sign"
    assert describe(theirs.T, theirs) == "NumPy's is transposed"
    assert describe(3 * theirs, theirs) == "NumPy's is 3 times PyTorch's"
    assert describe(theirs + 1, theirs) == "NumPy's is larger by 1 everywhere"


# --- finished runs


@pytest.fixture(scope="module")
def finished(subset: Path, glove: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of two finished runs of one experiment, one of each track."""
    data = Data(source="subset", root=str(subset), word_vectors=str(glove), batch_size=32)
    logs = str(tmp_path_factory.mktemp("finished"))
    experiment = Experiment(**DUAL, data=data, logs_root=logs, figures=False, trainer=Trainer(max_epochs=2))
    images, folders = QuickDrawDataModule(experiment), {}
    for track, module in (("numpy", trainer), ("lightning", torch_trainer)):
        run = begin(experiment, track, images, images.metadata())
        save_results(run, experiment, track, images, images.metadata(), module.train(experiment, images, run, False))
        folders[track] = run.folder
    return folders


@pytest.fixture
def pair(finished: dict[str, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Copies of the two runs."""
    one, other = (
        Path(shutil.copytree(folder, tmp_path / "logs" / folder.relative_to(folder.parents[2])))
        for folder in finished.values()
    )
    return one, other


def test_two_finished_runs(pair: tuple[Path, Path], program: Program) -> None:
    comparison = compare_runs(pair)
    assert comparison.finished["finished runs"].agreement == 1 and comparison.held
    result = program("parity", "compare", *pair)
    assert result.returncode == 0, result.stderr
    assert "McNemar" in result.stdout


def test_mcnemar_by_hand(pair: tuple[Path, Path]) -> None:
    # 10 drawings that only the first run names rightly, none that only the second does: p = 2 / 2^10.
    run = read_run(pair[1])
    guesses = run.labels.copy()
    guesses[:10] = (guesses[:10] + 1) % 5
    for folder, values in ((pair[0], run.labels), (pair[1], guesses)):
        np.savez(folder / "predictions.npz", labels=run.labels, probabilities=np.eye(5)[values])
    comparison = compare_runs(pair)
    result = comparison.finished["finished runs"]
    assert (result.only_one, result.only_other) == (10, 0)
    assert result.p_value == pytest.approx(2 / 2**10)
    assert not comparison.held and "do not follow from the predictions" in verdict(comparison)


def test_weights_are_interchangeable(finished: dict[str, Path]) -> None:
    trained = [read_trained(folder) for folder in finished.values()]
    images = np.random.default_rng(0).integers(0, 256, (7, 28, 28)).astype(np.uint8)
    for one in trained:
        ours, theirs = Predictor(one).probabilities(images), TorchPredictor(one).probabilities(images)
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_predict_with_either_track(pair: tuple[Path, Path], program: Program, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (5, 28, 28)).astype(np.uint8))
    tables = []
    for track in ("numpy", "lightning"):
        result = program("apps", "predict", pair[0], "x.npy", "--track", track, "--out", f"{track}.csv")
        assert result.returncode == 0, result.stderr
        with (tmp_path / f"{track}.csv").open() as file:
            tables.append([(row["label"], float(row["probability"])) for row in csv.DictReader(file)])
    for ours, theirs in zip(*tables, strict=True):
        assert ours[0] == theirs[0] and ours[1] == pytest.approx(theirs[1], abs=1e-6)


def test_bad_comparisons_are_refused(pair: tuple[Path, Path], program: Program, tmp_path: Path) -> None:
    assert_refused(program("parity", "compare", pair[0]), "two run folders")
    assert_refused(program("parity", "compare", pair[0], tmp_path), "not the folder of a finished run")
    assert_refused(program("parity", "compare", "--optimizer.lrr", 3), "Did you mean")
    assert_refused(program("parity", "compare", "--data.root", "nowhere", "--logs_root", "new"), "no such folder")
    assert_refused(program("parity", "trace", "--data.root", "nowhere", "--logs_root", "new"), "no such folder")
    assert not (tmp_path / "new").exists()
    (pair[1] / "predictions.npz").write_bytes(b"garbage")
    with pytest.raises(UserError, match="missing or damaged"):
        compare_runs(pair)
